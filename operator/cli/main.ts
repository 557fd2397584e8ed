#!/usr/bin/env node
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import type { CommandContext } from './context.ts';
import { completeWord, runProgram } from './program.ts';

/** The names under which this was started: kubectl starts the files `kubectl-ringmaster` and, to complete, the other. */
const names = [process.argv0, process.argv[1] ?? ''].map((path) => basename(path));
const completes = names.includes('kubectl_complete-ringmaster');

const context: CommandContext = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  environment: process.env,
  workingFolder: process.cwd(),
  isKubectlPlugin: completes || names.includes('kubectl-ringmaster'),
  programFolder: fileURLToPath(new URL('../..', import.meta.url)),
  clock: systemClock,
};

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe may leave early (`ringmaster get | head`); that is no fault.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const words = [...(completes ? [completeWord] : []), ...process.argv.slice(2)];
process.exitCode = await runProgram(words, context);
// A shell waits for the end: a cluster that has not answered in time is not waited for.
if (words[0] === completeWord) process.exit();
