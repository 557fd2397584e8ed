// The other versions of what a cluster has that the chart promises to work with: Helm 3 and the next Kubernetes. Their
// build takes long, so that they are for `npm run test:versions` alone.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { goToolchain } from './go-toolchain.mjs';
import { helm3 } from './helm-3.mjs';
import { buildKey, linkerFlags } from './kubernetes-build.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const kubernetes = { version: 'v1.37.2', stagingVersion: 'v0.37.2', etcdVersion: 'v3.7.3' };

/**
 * Makes sure that both are built.
 * @param {SetupContext} context
 */
export async function otherVersions(context) {
  const controlPlane = await nextControlPlane(context);
  await writePointer(context, 'other-versions', { helm3: await helm3(context), controlPlane });
}

/**
 * The program of test/control-plane with the next Kubernetes in it. Its module is made here, as the versions of all that
 * it stands on follow from Kubernetes' own.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program.
 */
async function nextControlPlane(context) {
  const { version, stagingVersion, etcdVersion } = kubernetes;
  const sources = path.join(context.root, 'test', 'control-plane');
  const module = await readFile(path.join(sources, 'go.mod'), 'utf8');
  const next = module
    .replace(/^.*\/\/ indirect\n/gm, '')
    .replace(/(k8s\.io\/kubernetes) v\S+/g, `$1 ${version}`)
    .replace(/(k8s\.io\/[\w-]+) v0\.36\.\d+/g, `$1 ${stagingVersion}`)
    .replace(/(go\.etcd\.io\/etcd\/[\w/]+) v3\S+/g, `$1 ${etcdVersion}`);
  /** @type {[name: string, content: Buffer][]} */
  const files = [
    ['go.mod', Buffer.from(next)],
    ['main.go', await readFile(path.join(sources, 'main.go'))],
  ];
  const flags = linkerFlags(version);
  const folder = path.join(context.cacheFolder, 'control-plane', `${version}-${buildKey(flags, files)}`);
  const program = path.join(folder, 'testcluster');
  if (await exists(program)) return program;
  const go = await goToolchain(context);
  const partial = `${folder}.partial-${String(process.pid)}`;
  await mkdir(partial, { recursive: true });
  try {
    for (const [name, content] of files) await writeFile(path.join(partial, name), content);
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=mod' };
    const options = { cwd: partial, env };
    context.log(`building the Kubernetes ${version} control plane for tests (once, 10 to 30 minutes)`);
    const tidied = await context.run(go, ['mod', 'tidy'], options);
    if (tidied.code !== 0) throw new Error(`go mod tidy ended with code ${String(tidied.code)}`);
    const built = await context.run(
      'nice',
      ['-n', '19', go, 'build', '-trimpath', '-p', '2', '-ldflags', flags, '-o', 'testcluster', '.'],
      options,
    );
    if (built.code !== 0)
      throw new Error(`go build of Kubernetes ${version} ended with code ${String(built.code)}`);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return program;
}
