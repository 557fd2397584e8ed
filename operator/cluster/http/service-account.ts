import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiAccess } from './api-access.ts';

/** Where the kubelet puts what belongs to a pod's service account. */
const mountedFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The API server as a pod sees it, read without client-node: loading that library takes tens of megabytes, which an
 * operator in its pod has no use for. The token is read anew whenever it is asked for, as the kubelet rotates it.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 * @returns undefined outside a pod
 */
export function serviceAccountAccess(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string = mountedFolder,
): ApiAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    getCurrentContext: () => 'service account of the pod',
    getCurrentCluster: () => ({ server }),
    getCurrentUser: () => null,
    async applyToHTTPSOptions(options) {
      const [token, ca] = await Promise.all([
        readFile(join(folder, 'token'), 'utf8'),
        readFile(join(folder, 'ca.crt')),
      ]);
      options.ca = ca;
      options.headers = { authorization: `Bearer ${token.trim()}` };
    },
  };
}
