// The sources of public Go modules, and programs built in them. Runs on any Node.js >= 20 before anything is installed,
// so: plain JavaScript and built-in modules only.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/**
 * Makes sure that a module is there. For modules whose programs are built in the module's own folder: `go install` of a
 * version asks proxies for a list that some do not have.
 * @param {Pick<SetupContext, 'run'>} context
 * @param {string} go
 * @param {string} module with its version, such as `sigs.k8s.io/kueue@v0.19.0`
 * @returns {Promise<string>} Its folder, which is read-only.
 */
export async function moduleFolder(context, go, module) {
  const { stdout } = await context.run(go, ['mod', 'download', '-json', module]);
  /** @type {unknown} */
  const answer = JSON.parse(stdout);
  const dir = typeof answer === 'object' && answer !== null && 'Dir' in answer ? answer.Dir : undefined;
  if (typeof dir !== 'string') throw new Error(`Go does not say where the module ${module} is`);
  return dir;
}

/**
 * @typedef {object} ModuleBuild
 * @property {string} title what a person calls it
 * @property {string} source folder of the module
 * @property {string} package of the program, such as `./cmd/kueue`
 * @property {string} output path of the program
 * @property {string} [linkerFlags] besides those that make it small
 */

/**
 * Builds a program of a module.
 * @param {Pick<SetupContext, 'run'>} context
 * @param {string} go
 * @param {ModuleBuild} build
 */
export async function buildInModule(context, go, { title, source, package: name, output, linkerFlags = '' }) {
  // Two compilers at a time keep memory low; the lowest priority, as nobody waits for it alone.
  const { code } = await context.run(
    'nice',
    [
      ...['-n', '19', go, 'build', '-trimpath', '-p', '2'],
      ...['-ldflags', `-s -w ${linkerFlags}`.trim(), '-o', output, name],
    ],
    { cwd: source, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly' } },
  );
  if (code !== 0) throw new Error(`go build of ${title} ended with code ${String(code)}`);
}

/**
 * Copies a folder without its modes: Go keeps modules read-only, and what is copied so could not be removed again.
 * @param {string} from
 * @param {string} to
 */
export async function copyFiles(from, to) {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await copyFiles(source, target);
    else await writeFile(target, await readFile(source));
  }
}
