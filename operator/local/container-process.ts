import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { describeError } from '../base/errors.ts';
import { ContainerStartError } from './container-start-error.ts';
import { endGroupWhenThisProcessDies } from './death-watch.ts';
import { sendSignal } from './pod-processes.ts';

/** What to run as a container. */
export interface ContainerProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment; nothing of this process's own is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** Output and errors are appended to it. */
  readonly logFile: string;
}

/** How a container ended. */
export interface ContainerExit {
  /** The program's own code, or 128 + n after signal n, as the kubelet reports it. */
  readonly exitCode: number;
  /** Number of the signal that ended it. */
  readonly signal?: number;
}

/** A container that runs as a process group. */
export interface ContainerProcess {
  /** Id of the first process, and of the group. */
  readonly pid: number;
  /** Settles when the first process has ended and the rest of its group has been killed. */
  readonly exited: Promise<ContainerExit>;
  /** Asks the first process, and only that, to stop: as in a container, what it does about its children is its affair. */
  terminate(): void;
  /** Ends the whole group at once. */
  kill(): void;
}

/** Exit code of a death by a signal that Node does not know by name. */
const unknownSignalExitCode = 255;

/**
 * Starts a container as a process group of its own, so that nothing of it is left over and signals of the terminal do
 * not reach it. It writes its log itself: neither a slow nor a dead agent ever holds it up.
 * @throws ContainerStartError when the program cannot be run
 */
export async function startContainerProcess(options: ContainerProcessOptions): Promise<ContainerProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    const child = spawn(options.program, options.args, {
      cwd: options.workingFolder,
      env: options.environment,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    exit.catch(() => undefined); // A failed start is reported by the line below.
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const endWatch = endGroupWhenThisProcessDies(pid);
    let hasExited = false;
    return {
      pid,
      exited: exit.then(([code, signal]) => {
        hasExited = true;
        endWatch();
        sendSignal(-pid, 'SIGKILL'); // Children that outlived it; the kubelet, too, ends them with the container.
        return toExit(code, signal);
      }),
      terminate: () => {
        if (!hasExited) sendSignal(pid, 'SIGTERM');
      },
      kill: () => {
        if (!hasExited) sendSignal(-pid, 'SIGKILL');
      },
    };
  } catch (error) {
    throw new ContainerStartError(
      'StartError',
      `${options.program} cannot be run: ${describeError(error)}`,
      error,
    );
  } finally {
    closeSync(log);
  }
}

function toExit(code: number | null, signal: NodeJS.Signals | null): ContainerExit {
  if (signal === null) return { exitCode: code ?? unknownSignalExitCode };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}
