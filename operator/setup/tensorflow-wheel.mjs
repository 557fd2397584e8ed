// TensorFlow's C library and headers, taken from the wheel on the Python package index.

import path from 'node:path';

import { unpackedWheel } from './wheel.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const version = '2.21.0';
// Any CPython will do, as only the C library is used; this one's hash is pinned.
const pythonVersion = '3.12';
const pythonTag = 'cp312';
const platform = 'manylinux_2_27_x86_64';

/** SHA-256 of the wheel; also the key of everything made from it. */
export const tensorflowWheelSha256 = 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb';

/** The libraries the binding links to. */
export const tensorflowLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** @type {import('./wheel.mjs').Wheel} */
const wheel = {
  title: `TensorFlow ${version}`,
  requirement: `tensorflow-cpu==${version}`,
  fileName: `tensorflow_cpu-${version}-${pythonTag}-${pythonTag}-${platform}.whl`,
  sha256: tensorflowWheelSha256,
  sizeMegabytes: 270,
  pipOptions: [
    ...['--implementation', 'cp', '--python-version', pythonVersion],
    ...['--abi', pythonTag, '--platform', platform],
  ],
  // Of 1.2 GB unpacked: the libraries and the headers that the C API and its strings need.
  wanted: [
    ...tensorflowLibraries.map((library) => `tensorflow/${library}`),
    'tensorflow/include/tensorflow/c/',
    'tensorflow/include/tensorflow/core/platform/',
    'tensorflow/include/tensorflow/tsl/',
    'tensorflow/include/tsl/',
    'tensorflow/include/xla/tsl/',
  ],
};

/**
 * Makes sure that the library is unpacked, downloading it if need be.
 * @param {SetupContext} context
 * @returns {Promise<string>} The folder that holds the libraries and `include/`.
 */
export async function tensorflowWheel(context) {
  return path.join(await unpackedWheel(context, wheel, 'tensorflow'), 'tensorflow');
}
