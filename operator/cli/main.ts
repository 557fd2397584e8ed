#!/usr/bin/env node
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import type { CommandContext } from './context.ts';
import { runProgram } from './program.ts';

const context: CommandContext = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  environment: process.env,
  workingFolder: process.cwd(),
  // kubectl starts the file of this name; it is a link to the same program.
  isKubectlPlugin: [process.argv0, process.argv[1] ?? ''].some((path) =>
    basename(path).startsWith('kubectl-'),
  ),
  programFolder: fileURLToPath(new URL('../..', import.meta.url)),
  clock: systemClock,
};

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe may leave early (`ringmaster get | head`); that is no fault.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runProgram(process.argv.slice(2), context);
