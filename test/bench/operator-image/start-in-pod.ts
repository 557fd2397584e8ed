import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../../../operator/api/v1alpha1/wire-guards.ts';
import { startChild, type Child } from '../../control-plane/child.ts';
import type { ControlPlane } from '../../control-plane/start.ts';
import type { ShippedOperator } from '../../operator/shipped-operator.ts';

/**
 * Shows a folder where the kubelet puts that of a service account, to one process alone, and becomes that process. It
 * needs root.
 */
const inMountNamespace = `
  mount -t tmpfs tmpfs /run &&
  mkdir -p /run/secrets/kubernetes.io &&
  ln -s "$0" /run/secrets/kubernetes.io/serviceaccount &&
  exec "$@"`;

export interface PodStart extends ShippedOperator {
  readonly name: string;
  readonly controlPlane: ControlPlane;
  /** Of the account that it is to have. */
  readonly kubeconfig: string;
  /** Where its log and what it is given go. */
  readonly folder: string;
  readonly flags: readonly string[];
}

/**
 * Starts the operator with what it finds in its pod: a service account, and no kubeconfig, for which it would load
 * client-node, several megabytes that no pod of it holds.
 */
export async function startInPod(start: PodStart): Promise<Child> {
  const { name, controlPlane, kubeconfig, folder, flags, program, nodeFlags, environment } = start;
  const account = join(folder, `${name}-account`);
  await mkdir(account);
  await copyFile(join(controlPlane.folder, 'apiserver.crt'), join(account, 'ca.crt'));
  await writeFile(join(account, 'token'), tokenOf(JSON.parse(await readFile(kubeconfig, 'utf8'))));
  const { hostname, port } = new URL(controlPlane.server);
  return startChild(
    name,
    'unshare',
    [
      ...['--mount', 'sh', '-c', inMountNamespace, account],
      // As the chart's NODE_OPTIONS has it.
      ...[process.execPath, '--disable-proto=delete', ...nodeFlags, program, 'manager'],
      ...[`--identity=${name}`, '--trainer-image=trainer:test', '--listen=127.0.0.1:0', ...flags],
    ],
    join(folder, `${name}.log`),
    { ...environment, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  );
}

/** The bearer token of a kubeconfig of one user. */
function tokenOf(kubeconfig: unknown): string {
  const users =
    isObject(kubeconfig) && Array.isArray(kubeconfig.users) ? (kubeconfig.users as unknown[]) : [];
  const [entry] = users;
  const token = isObject(entry) && isObject(entry.user) ? entry.user.token : undefined;
  if (typeof token !== 'string') throw new Error('the kubeconfig has no token');
  return token;
}
