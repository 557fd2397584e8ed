import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TextOutput } from './context.ts';

/** What TensorFlow prints about its own build before its log level counts, and other lines below errors. */
const chatter = /^(WARNING: All log messages before absl::|[IW]\d{4} \d\d:)/;

/** Writes what a program of the trainer says on standard error, but for that. */
export async function passOn(lines: Readable, output: TextOutput): Promise<void> {
  for await (const line of createInterface({ input: lines })) {
    if (!chatter.test(line)) output.write(`${line}\n`);
  }
}
