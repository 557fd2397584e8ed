// Helm 3, the major version before the present one, which the chart promises to work with too.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { goProgram } from './go-program.mjs';

/**
 * Makes sure that it is built.
 * @param {import('./main.mjs').SetupContext} context
 * @returns {Promise<string>} Path of the program.
 */
export async function helm3(context) {
  return goProgram(context, {
    name: 'helm-3',
    package: 'helm.sh/helm/v3/cmd/helm',
    version: 'v3.22.0',
    duration: '2 to 6 minutes',
  });
}
