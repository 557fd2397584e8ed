import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { ControlPlane } from '../control-plane/start.ts';
import { kubectl } from '../operator/install.ts';
import { helm } from './helm.ts';

/** Where the chart is installed here. */
export const releaseNamespace = 'ringmaster-system';

/** Helm with a cluster to act on, as its admin; in {@link releaseNamespace}. */
export async function helmOn(
  controlPlane: ControlPlane,
  args: readonly string[],
  program?: string,
): Promise<string> {
  const environment = {
    KUBECONFIG: await controlPlane.kubeconfigFile(),
    // A home of its own, so that neither a person's settings nor a cache of another server is read.
    HOME: controlPlane.folder,
  };
  return helm([...args, `--namespace=${releaseNamespace}`], environment, program);
}

/** Makes namespaces that enforce the Pod Security Standard `restricted`. */
export async function createRestrictedNamespaces(
  controlPlane: ControlPlane,
  names: readonly string[],
): Promise<void> {
  const namespaces = names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  }));
  await kubectl(
    controlPlane,
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: namespaces }),
  );
}

/** Sends requests as a user of the control plane. */
export type Requester = (
  user: string,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: unknown,
) => Promise<{ readonly code: number; readonly text: string }>;

/** @param signal ends its connections */
export async function requester(controlPlane: ControlPlane, signal: AbortSignal): Promise<Requester> {
  const ca = await readFile(join(controlPlane.folder, 'apiserver.crt'));
  const agent = new Agent({ connect: { ca } });
  signal.addEventListener('abort', () => void agent.destroy(), { once: true });
  return async (user, method, path, body) => {
    const response = await request(`${controlPlane.server}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        authorization: `Bearer ${controlPlane.token(user)}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { code: response.statusCode, text: await response.body.text() };
  };
}
