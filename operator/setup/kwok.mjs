// Builds kwok, which plays the kubelets of nodes that do not exist, for tests and benches of many pods.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { goToolchain } from './go-toolchain.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const version = 'v0.8.0';

/**
 * Makes sure that the program is built, and writes where it is to `node_modules/.ringmaster/kwok.json`, where the tests
 * look for it.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program.
 */
export async function kwok(context) {
  const folder = path.join(context.cacheFolder, 'kwok', version);
  const program = path.join(folder, 'kwok');
  if (!(await exists(program))) {
    const go = await goToolchain(context);
    context.log(`building kwok ${version} for tests (once, 3 to 10 minutes)`);
    const partial = `${folder}.partial-${String(process.pid)}`;
    await mkdir(partial, { recursive: true });
    try {
      // Two compilers at a time keep memory low; the lowest priority, as nobody waits for it alone.
      const { code } = await context.run(
        'nice',
        [
          '-n',
          '19',
          go,
          'install',
          '-trimpath',
          '-p',
          '2',
          '-ldflags',
          '-s -w',
          `sigs.k8s.io/kwok/cmd/kwok@${version}`,
        ],
        { cwd: partial, env: { ...process.env, CGO_ENABLED: '0', GOBIN: partial } },
      );
      if (code !== 0) throw new Error(`go install of kwok ${version} ended with code ${String(code)}`);
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  const pointer = path.join(context.root, 'node_modules', '.ringmaster', 'kwok.json');
  await mkdir(path.dirname(pointer), { recursive: true });
  await writeFile(pointer, `${JSON.stringify({ program })}\n`);
  return program;
}

/** @param {string} file */
async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
