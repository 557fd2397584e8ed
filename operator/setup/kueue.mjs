// Builds Kueue, which queues the runs of the tests as it does on a cluster, and keeps its CRDs beside it.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { buildInModule, copyFiles, moduleFolder } from './go-module.mjs';
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
      const source = await moduleFolder(context, go, `sigs.k8s.io/kueue@${version}`);
      await buildInModule(context, go, {
        ...{ title: `Kueue ${version}`, source, package: './cmd/kueue' },
        output: path.join(partial, 'kueue'),
        linkerFlags: `-X ${versionPackage}.GitVersion=${version}`,
      });
      await copyFiles(path.join(source, 'config', 'components', 'crd', 'bases'), path.join(partial, 'crds'));
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  await writePointer(context, 'kueue', { program, crds: path.join(folder, 'crds') });
  return program;
}
