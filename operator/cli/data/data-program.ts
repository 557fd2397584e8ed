import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type * as z from 'zod';
import type { DataRequest } from '../../api/trainer/data-request.ts';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { passOn } from '../pass-on.ts';

/**
 * Asks the trainer's program for data and returns its answer.
 * @throws CommandError with the exit code of the program, which has said why on standard error
 */
export async function runDataProgram<T>(
  { programFolder, workingFolder, environment, stderr }: CommandContext,
  schema: z.ZodType<T>,
  request: z.input<typeof DataRequest>,
): Promise<T> {
  const child = spawn(process.execPath, [join(programFolder, 'trainer-image', 'data.ts')], {
    cwd: workingFolder,
    // Decoding takes a thread of libuv's pool for each image.
    env: { UV_THREADPOOL_SIZE: '16', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program that ends before it has read everything says itself why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  const [output] = await Promise.all([
    text(child.stdout),
    passOn(child.stderr, stderr),
    once(child, 'close'),
  ]);
  if (child.exitCode !== 0) {
    throw new CommandError(`the ${request.action} of ${request.uri} failed`, {
      exitCode: child.exitCode ?? commandExitCodes.failed,
    });
  }
  return schema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}
