// Builds the operators that `npm run bench -- control-loop` compares with, and keeps their CRDs beside them.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { buildInModule, copyFiles, moduleFolder } from './go-module.mjs';
import { goToolchain } from './go-toolchain.mjs';
import { buildKey } from './kubernetes-build.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/**
 * @typedef {object} PeerOperator
 * @property {string} name
 * @property {string} module with its version
 * @property {string} package of its program
 * @property {string} crds folder in the module
 * @property {readonly { file: string, from: string, to: string }[]} patches of its sources
 */

/** @type {PeerOperator} */
const trainingOperator = {
  name: 'training-operator',
  module: 'github.com/kubeflow/training-operator@v1.8.1',
  package: './cmd/training-operator.v1',
  crds: 'manifests/base/crds',
  patches: [
    {
      // It has no flag for the limits of its client, 20 requests a second and 30 at once, which would be all that is
      // measured; these are as generous as JobSet's flags allow.
      file: 'cmd/training-operator.v1/main.go',
      from: 'mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{',
      to: 'limited := ctrl.GetConfigOrDie()\n\tlimited.QPS, limited.Burst = 500, 1000\n\tmgr, err := ctrl.NewManager(limited, ctrl.Options{',
    },
    {
      // The same folder below TMPDIR, where its webhook server reads the certificate, so that no two can meet there.
      file: 'pkg/cert/cert.go',
      from: 'CertDir:        certDir,',
      to: 'CertDir:        os.TempDir() + "/k8s-webhook-server/serving-certs",',
    },
  ],
};

/** @type {PeerOperator} */
const jobSet = {
  name: 'jobset',
  module: 'sigs.k8s.io/jobset@v0.12.0',
  package: '.',
  crds: 'config/components/crd/bases',
  patches: [],
};

/**
 * Makes sure that the operators are built, and writes where they and their CRDs are to
 * `node_modules/.ringmaster/peer-operators.json`, where the bench looks for them.
 * @param {SetupContext} context
 */
export async function peerOperators(context) {
  const folders = {
    trainingOperator: await built(context, trainingOperator),
    jobSet: await built(context, jobSet),
  };
  await writePointer(context, 'peer-operators', folders);
}

/**
 * @param {SetupContext} context
 * @param {PeerOperator} peer
 * @returns {Promise<string>} Folder with the program, by the peer's name, and its `crds`.
 */
async function built(context, { name, module, package: program, crds, patches }) {
  const version = module.slice(module.indexOf('@') + 1);
  const key = buildKey('', [['patches', Buffer.from(JSON.stringify(patches))]]);
  const folder = path.join(context.cacheFolder, name, `${version}-${key}`);
  if (await exists(folder)) return folder;
  const go = await goToolchain(context);
  context.log(`building ${name} ${version} to compare with (once, 2 to 10 minutes)`);
  const partial = `${folder}.partial-${String(process.pid)}`;
  await mkdir(partial, { recursive: true });
  try {
    const original = await moduleFolder(context, go, module);
    const source = path.join(partial, 'source');
    await copyFiles(original, source);
    for (const patch of patches) await applyPatch(source, patch);
    const title = `${name} ${version}`;
    await buildInModule(context, go, { title, source, package: program, output: path.join(partial, name) });
    await copyFiles(path.join(source, ...crds.split('/')), path.join(partial, 'crds'));
    await rm(source, { recursive: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/**
 * @param {string} source
 * @param {PeerOperator['patches'][number]} patch
 */
async function applyPatch(source, { file, from, to }) {
  const target = path.join(source, ...file.split('/'));
  const text = await readFile(target, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not have exactly one "${from}"`);
  await writeFile(target, text.replace(from, to));
}
