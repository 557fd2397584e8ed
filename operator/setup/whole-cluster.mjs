// What a whole cluster of one node needs besides the control plane: the kubelet, cluster DNS, a container runtime, and
// what builds images. Root on Debian only; elsewhere the tests on it are skipped.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { kubernetesProgram } from './control-plane.mjs';
import { installMissing } from './debian-tools.mjs';
import { goProgram } from './go-program.mjs';
import { helm3 } from './helm-3.mjs';
import { writePointer } from './pointer.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

/** Programs that a whole cluster needs, and the Debian packages that bring them. */
export const wholeClusterTools = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  ip: 'iproute2',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
};

/**
 * Makes sure that everything is there, as far as that is ours to do. Where there can be no whole cluster nothing is
 * built for it, which takes tens of minutes.
 * @param {SetupContext} context
 * @param {boolean} isRoot whether this process may make namespaces and containers
 */
export async function wholeCluster(context, isRoot = process.getuid?.() === 0) {
  if (!isRoot) {
    context.log('there will be no whole cluster: it needs root, for namespaces and containers');
    return;
  }
  const missing = await installMissing(context, wholeClusterTools, 'there will be no whole cluster');
  if (missing.length > 0) return;
  const kubelet = await kubernetesProgram(context, {
    title: 'kubelet',
    sources: ['test', 'e2e', 'kubelet'],
    cache: 'kubelet',
    program: 'kubelet',
    duration: '5 to 15 minutes',
  });
  const coredns = await goProgram(context, {
    name: 'coredns',
    package: 'github.com/coredns/coredns',
    version: 'v1.15.0',
    duration: '2 to 6 minutes',
  });
  await writePointer(context, 'whole-cluster', { kubelet, coredns, helm3: await helm3(context) });
}
