// Fashion-MNIST for the quickstart and the tests: a link in the clone to a folder with the four compressed
// files. Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules
// only.

import { createHash } from 'node:crypto';
import { lstat, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { exists } from './exists.mjs';

/** @typedef {Pick<import('./main.mjs').SetupContext, 'root' | 'cacheFolder' | 'log' | 'installDebianPackage'>} DataContext */

const debianPackage = 'dataset-fashion-mnist';
const debianFolder = '/usr/share/datasets/fashion-mnist';

// The data set's home, as github.com/zalandoresearch/fashion-mnist gives it. It has no https; the digests
// stand in for it.
const downloadUrl = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com';
const downloadTimeoutMs = 10 * 60_000;

/**
 * SHA-256 of the decompressed files: Debian compresses them anew. The trainer checks them too, by the same
 * digests.
 */
export const digests = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
};
const fileNames = Object.keys(digests).map((name) => `${name}.gz`);

/**
 * Where to look and how to fetch; other than the defaults only in tests.
 * @typedef {object} Sources
 * @property {string} [debianFolder]
 * @property {typeof fetch} [fetch]
 */

/**
 * Makes sure that `.ringmaster/data/fashion-mnist` has the data: what stands there already, else what the
 * Debian package holds, else a verified download, kept in the cache.
 * @param {DataContext} context
 * @param {Sources} [sources]
 * @returns {Promise<string>} The folder in the clone.
 */
export async function fashionMnist(context, sources = {}) {
  const target = path.join(context.root, '.ringmaster', 'data', 'fashion-mnist');
  if (await isComplete(target)) return target;
  if (await isFolder(target)) {
    throw new Error(`${target} must hold ${fileNames.join(', ')}; put them there, or remove the folder`);
  }
  await linkAtomically(target, await findOrFetch(context, sources, target));
  return target;
}

/**
 * @param {DataContext} context
 * @param {Sources} sources
 * @param {string} target
 * @returns {Promise<string>} A folder that has all files.
 */
async function findOrFetch(context, sources, target) {
  const installed = sources.debianFolder ?? debianFolder;
  if (await isComplete(installed)) return installed;
  const downloaded = path.join(context.cacheFolder, 'fashion-mnist');
  if (await isComplete(downloaded)) return downloaded;
  if ((await context.installDebianPackage(debianPackage)) && (await isComplete(installed))) return installed;
  context.log('downloading Fashion-MNIST (30 MB)');
  try {
    await mkdir(downloaded, { recursive: true });
    for (const [name, digest] of Object.entries(digests)) {
      await download(`${name}.gz`, digest, downloaded, sources.fetch ?? fetch);
    }
    return downloaded;
  } catch (error) {
    throw new Error(
      `Fashion-MNIST could not be downloaded (${describe(error)}). On Debian and Ubuntu: apt-get install -y ${debianPackage}. Elsewhere put ${fileNames.join(', ')} into ${target}`,
      { cause: error },
    );
  }
}

/**
 * Fetches one file; under its own name there is only ever a whole and verified one.
 * @param {string} fileName
 * @param {string} digest
 * @param {string} folder
 * @param {typeof fetch} request
 */
async function download(fileName, digest, folder, request) {
  const file = path.join(folder, fileName);
  if (await exists(file)) return;
  const url = `${downloadUrl}/${fileName}`;
  const response = await request(url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}`);
  const compressed = Buffer.from(await response.arrayBuffer());
  const actual = createHash('sha256')
    .update(await promisify(gunzip)(compressed))
    .digest('hex');
  if (actual !== digest) throw new Error(`${url} has, decompressed, the SHA-256 ${actual}, not ${digest}`);
  const partial = `${file}.partial-${String(process.pid)}`;
  try {
    await writeFile(partial, compressed);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * @param {string} link
 * @param {string} folder
 */
async function linkAtomically(link, folder) {
  await mkdir(path.dirname(link), { recursive: true });
  const partial = `${link}.partial-${String(process.pid)}`;
  await rm(partial, { force: true });
  await symlink(folder, partial);
  await rename(partial, link);
}

/** @param {string} folder */
async function isComplete(folder) {
  const found = await Promise.all(fileNames.map((name) => exists(path.join(folder, name))));
  return found.every(Boolean);
}

/** @param {string} file */
async function isFolder(file) {
  return lstat(file).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/**
 * Fetch says only "fetch failed"; the reason is in its cause.
 * @param {unknown} error
 * @returns {string}
 */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
