#!/usr/bin/env node
import { basename } from 'node:path';
import { makeCommands } from './commands.ts';
import { processContext } from './process-context.ts';
import { completeWord, openProgram, runProgram } from './program.ts';

/** The names under which this was started: kubectl starts the files `kubectl-ringmaster` and, to complete, the other. */
const names = [process.argv0, process.argv[1] ?? ''].map((path) => basename(path));
const completes = names.includes('kubectl_complete-ringmaster');

const context = processContext(completes || names.includes('kubectl-ringmaster'));
const words = [...(completes ? [completeWord] : []), ...process.argv.slice(2)];
if (words[0] === completeWord) {
  const { complete } = await import('./completion/complete.ts');
  const program = await openProgram(context, () => undefined, makeCommands, words);
  await complete(program, words.slice(1), context);
  // A shell waits for the end: a cluster that has not answered in time is not waited for.
  process.exit();
}
process.exitCode = await runProgram(words, context, makeCommands);
