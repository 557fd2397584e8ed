import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Installs what package-lock.json names, with Node 24 among it, unless that very lock file is installed already.
 * `npm ci` begins by deleting node_modules, and the stamp in it: an interrupted installation is seen as none.
 * @param {Pick<import('./main.mjs').SetupContext, 'root' | 'log' | 'run'>} context
 */
export async function dependencies({ root, log, run }) {
  const lock = await readFile(join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  const modules = join(root, 'node_modules');
  const stamp = join(modules, '.ringmaster/dependencies');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  if ((await lstat(modules).catch(() => undefined))?.isSymbolicLink())
    throw new Error(
      'node_modules is a link to packages of another package-lock.json, and npm ci would empty them for everybody; remove the link',
    );

  log('installing npm packages');
  // Inside an npm script the clone's own Node comes first in PATH, and npm ci is about to delete it.
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  const { code, stdout } = await run('npm', ['ci', '--loglevel', 'error'], {
    env: { ...process.env, PATH: path.join(':') },
  });
  if (code === 127) throw new Error('npm is missing; on Debian: apt-get install npm');
  if (code !== 0)
    throw new Error(`npm ci ended with code ${code}${stdout === '' ? '' : `: ${stdout.slice(-2000)}`}`);
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, wanted);
}
