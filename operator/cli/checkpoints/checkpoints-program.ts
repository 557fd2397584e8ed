import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type * as z from 'zod';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';

/** How to reach the store, as options of the command line have it. */
export interface StoreOptions {
  readonly endpoint?: string;
  /** Folder with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as files. */
  readonly credentials?: string;
}

/**
 * Runs the trainer's program for checkpoints and returns what it printed. It is a process of its own, because it is of
 * the trainer's image, which knows storage and formats.
 * @throws CommandError with the exit code of the program and what it said
 */
export async function runCheckpointsProgram<T>(
  { programFolder, workingFolder, environment }: CommandContext,
  schema: z.ZodType<T>,
  { action, uri, store, options = [] }: CheckpointsAction,
): Promise<T> {
  const words = [
    join(programFolder, 'trainer-image', 'checkpoints.ts'),
    ...[action, absoluteLocation(uri, workingFolder)],
    ...(store.endpoint === undefined ? [] : ['--endpoint', store.endpoint]),
    ...(store.credentials === undefined ? [] : ['--credentials', resolve(workingFolder, store.credentials)]),
    ...options,
  ];
  const child = spawn(process.execPath, words, {
    cwd: workingFolder,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaint] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (child.exitCode !== 0) {
    const said = complaint.trim();
    throw new CommandError(said === '' ? `the command ended with ${child.signalCode ?? 'an error'}` : said, {
      exitCode: commandExitCodes.failed,
    });
  }
  return schema.parse(JSON.parse(output));
}

export interface CheckpointsAction {
  readonly action: 'list' | 'verify' | 'show' | 'prune' | 'download' | 'export';
  readonly uri: string;
  readonly store: StoreOptions;
  readonly options?: readonly string[];
}

/** A path made absolute; a location with a scheme stays as it is. */
export function absoluteLocation(uri: string, workingFolder: string): string {
  return /^[a-z0-9]+:\/\//.test(uri) ? uri : resolve(workingFolder, uri);
}
