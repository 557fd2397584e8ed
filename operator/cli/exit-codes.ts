/**
 * Exit codes of the command line. 64 to 78 follow sysexits.h; 128 + n says that signal n ended the command.
 * docs/commands.md lists them for people.
 */
export const commandExitCodes = {
  success: 0,
  /** A run failed, or an evaluation could not be made. */
  failed: 1,
  /** A wrong manifest, option or argument (EX_USAGE). Nothing was started. */
  usage: 64,
  /** Something needed is missing or in use, such as the state folder or the cluster (EX_UNAVAILABLE). */
  unavailable: 69,
  /** A fault of this program (EX_SOFTWARE). */
  internal: 70,
  /** The cluster does not let you: a missing right, or credentials that it does not take (EX_NOPERM). */
  denied: 77,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGTERM. */
  terminated: 143,
} as const;
