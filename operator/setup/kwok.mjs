// Builds kwok, which plays the kubelets of nodes that do not exist, for tests and benches of many pods.

import { goProgram } from './go-program.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/**
 * Makes sure that the program is built.
 * @param {SetupContext} context
 * @returns {Promise<string>} Path of the program.
 */
export async function kwok(context) {
  const program = await goProgram(context, {
    name: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    version: 'v0.8.0',
    duration: '3 to 10 minutes',
  });
  await writePointer(context, 'kwok', { program });
  return program;
}
