// Builds Kueue, which queues the runs of the tests as it does on a cluster, and keeps its CRDs beside it.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { goToolchain } from './go-toolchain.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const version = 'v0.19.0';
const versionPackage = 'sigs.k8s.io/kueue/pkg/version';

/**
 * Makes sure that the program is built, and writes where it and its CRDs are to
 * `node_modules/.ringmaster/kueue.json`, where the tests look for them.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program.
 */
export async function kueue(context) {
  const folder = path.join(context.cacheFolder, 'kueue', version);
  const program = path.join(folder, 'kueue');
  if (!(await exists(program))) {
    const go = await goToolchain(context);
    context.log(`building Kueue ${version} for tests (once, 5 to 15 minutes)`);
    const partial = `${folder}.partial-${String(process.pid)}`;
    await mkdir(partial, { recursive: true });
    try {
      // In the module's own folder, because `go install` of a version asks proxies for a list that some do not have.
      const source = await moduleFolder(context, go);
      // Two compilers at a time keep memory low; the lowest priority, as nobody waits for it alone.
      const { code } = await context.run(
        'nice',
        [
          ...['-n', '19', go, 'build', '-trimpath', '-p', '2'],
          ...['-ldflags', `-s -w -X ${versionPackage}.GitVersion=${version}`],
          ...['-o', path.join(partial, 'kueue'), './cmd/kueue'],
        ],
        {
          cwd: source,
          env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly' },
        },
      );
      if (code !== 0) throw new Error(`go build of Kueue ${version} ended with code ${String(code)}`);
      await copyFiles(path.join(source, 'config', 'components', 'crd', 'bases'), path.join(partial, 'crds'));
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  await writePointer(context, 'kueue', { program, crds: path.join(folder, 'crds') });
  return program;
}

/**
 * @param {SetupContext} context
 * @param {string} go
 */
async function moduleFolder(context, go) {
  const { stdout } = await context.run(go, ['mod', 'download', '-json', `sigs.k8s.io/kueue@${version}`]);
  /** @type {unknown} */
  const answer = JSON.parse(stdout);
  const dir = typeof answer === 'object' && answer !== null && 'Dir' in answer ? answer.Dir : undefined;
  if (typeof dir !== 'string') throw new Error(`Go does not say where the module of Kueue ${version} is`);
  return dir;
}

/**
 * Without their modes: Go keeps modules read-only, and what is copied so could not be removed again.
 * @param {string} from
 * @param {string} to
 */
async function copyFiles(from, to) {
  await mkdir(to);
  for (const name of await readdir(from)) {
    await writeFile(path.join(to, name), await readFile(path.join(from, name)));
  }
}
