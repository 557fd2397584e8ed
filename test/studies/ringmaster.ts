import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs a command as a person would, showing what it says, and returns what it prints with `--output json`. */
export async function ringmaster(...words: string[]): Promise<unknown> {
  const program = 'operator/cli/ringmaster.mjs';
  const child = spawn(process.execPath, [program, ...words, '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const { exitCode } = child;
  if (exitCode !== 0) throw new Error(`ringmaster ${words.join(' ')} ended with ${exitCode ?? 'a signal'}`);
  return JSON.parse(output);
}
