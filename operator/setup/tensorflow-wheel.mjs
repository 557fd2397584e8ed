// TensorFlow's C library and headers, taken from the wheel on the Python package index.

import path from 'node:path';

import { unpackedWheel } from './wheel.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/** The bills of materials of images name it too. */
export const tensorflowVersion = '2.21.0';
// Any CPython will do, as only the C library is used; this one's hash is pinned.
const pythonVersion = '3.12';
const pythonTag = 'cp312';
const platform = 'manylinux_2_27_x86_64';

/** The libraries the binding links to. */
export const tensorflowLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** @typedef {'cpu' | 'cuda'} Device what the library computes on */

/** Names and SHA-256 of the wheels. */
const releases = {
  cpu: {
    name: 'tensorflow_cpu',
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    sizeMegabytes: 270,
  },
  cuda: {
    name: 'tensorflow',
    sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
    sizeMegabytes: 600,
  },
};

/**
 * SHA-256 of a wheel; also the key of everything made from it.
 * @param {Device} device
 */
export function tensorflowWheelSha256(device) {
  return releases[device].sha256;
}

/**
 * Makes sure that the library is unpacked, downloading it if need be.
 * @param {SetupContext} context
 * @param {Device} device
 * @returns {Promise<string>} The folder that holds the libraries and `include/`.
 */
export async function tensorflowWheel(context, device) {
  const { name, sha256, sizeMegabytes } = releases[device];
  /** @type {import('./wheel.mjs').Wheel} */
  const wheel = {
    title: `TensorFlow ${tensorflowVersion} (${device})`,
    requirement: `${name.replaceAll('_', '-')}==${tensorflowVersion}`,
    fileName: `${name}-${tensorflowVersion}-${pythonTag}-${pythonTag}-${platform}.whl`,
    sha256,
    sizeMegabytes,
    pipOptions: [
      ...['--implementation', 'cp', '--python-version', pythonVersion],
      ...['--abi', pythonTag, '--platform', platform],
    ],
    // Of 1.2 GB unpacked: the libraries, the headers that the C API and its strings need, and the terms.
    wanted: [
      ...tensorflowLibraries.map((library) => `tensorflow/${library}`),
      'tensorflow/include/tensorflow/c/',
      'tensorflow/include/tensorflow/core/platform/',
      'tensorflow/include/tensorflow/tsl/',
      'tensorflow/include/tsl/',
      'tensorflow/include/xla/tsl/',
      'tensorflow/THIRD_PARTY_NOTICES.txt',
      'tensorflow/include/LICENSE',
    ],
  };
  return path.join(await unpackedWheel(context, wheel, 'tensorflow'), 'tensorflow');
}
