// Builds the control plane that tests run against: etcd, kube-apiserver, kube-controller-manager and kube-scheduler
// in one program, from the Go module in test/control-plane. It is keyed by its sources and built once per machine.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { goToolchain } from './go-toolchain.mjs';
import { buildKey, linkerFlags } from './kubernetes-build.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const kubernetesVersion = 'v1.36.3';
const sourceFiles = ['go.mod', 'go.sum', 'main.go'];

/**
 * Makes sure that the program is built.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program; its first argument picks which of the four it is.
 */
export async function controlPlane(context) {
  const program = await kubernetesProgram(context, {
    title: 'control plane',
    sources: ['test', 'control-plane'],
    cache: 'control-plane',
    program: 'testcluster',
    duration: '10 to 20 minutes',
  });
  await writePointer(context, 'control-plane', { program });
  return program;
}

/**
 * A program made of Kubernetes' own packages.
 * @typedef {object} KubernetesProgram
 * @property {string} title what a person calls it
 * @property {readonly string[]} sources the folder of its Go module, in parts
 * @property {string} cache name of its folder in the cache
 * @property {string} program name of its file
 * @property {string} duration how long it takes to build, for people
 */

/**
 * Makes sure that such a program is built.
 * @param {SetupContext} context
 * @param {KubernetesProgram} wanted
 * @returns {Promise<string>} Path of the program.
 */
export async function kubernetesProgram(context, { title, sources, cache, program: fileName, duration }) {
  const moduleFolder = path.join(context.root, ...sources);
  const flags = linkerFlags(kubernetesVersion);
  const contents = sourceFiles.map(
    async (name) => /** @type {const} */ ([name, await readFile(path.join(moduleFolder, name))]),
  );
  const folder = path.join(context.cacheFolder, cache, buildKey(flags, await Promise.all(contents)));
  const program = path.join(folder, fileName);
  if (await exists(program)) return program;
  const go = await goToolchain(context);
  context.log(`building the Kubernetes ${kubernetesVersion} ${title} for tests (once, ${duration})`);
  await mkdir(folder, { recursive: true });
  const partial = `${program}.partial-${String(process.pid)}`;
  try {
    // Two compilers at a time keep it within 2.5 GB of memory; the lowest priority, as nobody waits for it alone.
    const { code } = await context.run(
      'nice',
      ['-n', '19', go, 'build', '-trimpath', '-p', '2', '-ldflags', flags, '-o', partial, '.'],
      {
        cwd: moduleFolder,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly' },
      },
    );
    if (code !== 0) throw new Error(`go build of ${sources.join('/')} ended with code ${String(code)}`);
    await rename(partial, program);
  } finally {
    await rm(partial, { force: true });
  }
  return program;
}
