import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import type { CommandContext } from './context.ts';

/** What commands get from the process that they run in. */
export function processContext(isKubectlPlugin: boolean): CommandContext {
  for (const stream of [process.stdout, process.stderr]) {
    // The reader of a pipe may leave early (`ringmaster get | head`); that is no fault.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    environment: process.env,
    workingFolder: process.cwd(),
    isKubectlPlugin,
    programFolder: fileURLToPath(new URL('../..', import.meta.url)),
    clock: systemClock,
  };
}
