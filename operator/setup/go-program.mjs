// Programs for tests out of public Go modules. Runs on any Node.js >= 20 before anything is installed, so: plain
// JavaScript and built-in modules only.

import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { goToolchain } from './go-toolchain.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/**
 * @typedef {object} GoProgram
 * @property {string} name of the program, and of its folder in the cache
 * @property {string} package as `go install` has it
 * @property {string} version
 * @property {string} duration how long it takes to build, for people
 */

/**
 * Makes sure that a program is built.
 * @param {Pick<SetupContext, 'cacheFolder' | 'log' | 'run'>} context
 * @param {GoProgram} wanted
 * @returns {Promise<string>} Path of the program.
 */
export async function goProgram(context, { name, package: source, version, duration }) {
  const folder = path.join(context.cacheFolder, name, version);
  const program = path.join(folder, path.basename(source));
  if (await exists(program)) return program;
  const go = await goToolchain(context);
  context.log(`building ${name} ${version} for tests (once, ${duration})`);
  const partial = `${folder}.partial-${String(process.pid)}`;
  await mkdir(partial, { recursive: true });
  try {
    // Two compilers at a time keep memory low; the lowest priority, as nobody waits for it alone.
    const args = ['install', '-trimpath', '-p', '2', '-ldflags', '-s -w', `${source}@${version}`];
    const { code } = await context.run('nice', ['-n', '19', go, ...args], {
      cwd: partial,
      env: { ...process.env, CGO_ENABLED: '0', GOBIN: partial },
    });
    if (code !== 0) throw new Error(`go install of ${name} ${version} ended with code ${String(code)}`);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return program;
}
