import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';

/** A program that runs beside the test. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Why it is no longer running, with the end of its log; undefined while it runs. */
  ended(): Promise<string | undefined>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>;
}

const logTailLength = 3000;

/**
 * Starts a program whose output goes to a file. It does not outlive this process, unless this one is killed itself.
 * @param environment variables besides those of this process
 */
export async function startChild(
  name: string,
  command: string,
  args: readonly string[],
  logFile: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const log = await open(logFile, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...environment },
  });
  const killWithParent = () => child.kill('SIGKILL');
  process.on('exit', killWithParent);
  child.once('exit', () => process.off('exit', killWithParent));
  try {
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} has no process id`);
  return {
    name,
    pid,
    async ended() {
      if (isRunning(child)) return undefined;
      const log = await readFile(logFile, 'utf8');
      return `${name} ended with ${child.signalCode ?? `code ${String(child.exitCode)}`}: ${log.slice(-logTailLength)}`;
    },
    signal(signal) {
      child.kill(signal);
    },
    async kill() {
      if (!isRunning(child)) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
