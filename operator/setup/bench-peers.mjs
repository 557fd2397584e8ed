import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the benches compare with, and what the exported weights are loaded into. About 6 GB on disk. */
const requirements = ['torch==2.15.0', 'tensorflow-cpu==2.21.0', 'timm==1.0.31', 'optuna==5.0.0'];

/**
 * Installs the benches' peers into a virtual environment of their own. Only `npm run bench` needs them.
 * @param {import('./main.mjs').SetupContext} context
 * @returns {Promise<string>} path of the environment's Python
 */
export async function benchPeers({ cacheFolder, log, run }) {
  const folder = join(cacheFolder, 'bench', 'venv');
  const stamp = join(folder, 'installed');
  const python = join(folder, 'bin', 'python');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === requirements.join('\n')) return python;

  log(`installing ${requirements.join(', ')} for the benches, which takes minutes`);
  const made = await run('python3', ['-m', 'venv', folder]);
  if (made.code !== 0)
    throw new Error('python3 with venv is needed; on Debian: apt-get install python3-venv');
  const installed = await run(join(folder, 'bin', 'pip'), ['install', '--quiet', ...requirements]);
  if (installed.code !== 0)
    throw new Error(`pip ended with code ${installed.code}: ${installed.stdout.slice(-2000)}`);
  await writeFile(stamp, requirements.join('\n'));
  return python;
}
