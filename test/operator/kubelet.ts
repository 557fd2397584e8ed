import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import type { ControlPlane } from '../control-plane/start.ts';

/** The part of a kubelet that the API server asks for logs. */
export interface Kubelet {
  close(): Promise<void>;
}

/**
 * Answers for the logs of all pods on some nodes.
 * @param logOf the log of a pod, each line with its moment before it, as the kubelet writes it
 */
export async function startKubelet(
  controlPlane: ControlPlane,
  nodeNames: readonly string[],
  logOf: (pod: string) => string,
): Promise<Kubelet> {
  // The API server does not ask whose certificate it is; its own will do.
  const read = (file: string) => readFile(join(controlPlane.folder, file), 'utf8');
  const server = createServer({ cert: await read('apiserver.crt'), key: await read('apiserver.key') });
  server.on('request', (request, response) => {
    const [, kind, , pod] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    response.writeHead(kind === 'containerLogs' ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(logOf(pod ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const name of nodeNames) {
    const path = `/api/v1/nodes/${name}`;
    const { body } = await controlPlane.fetch('GET', path);
    if (!isObject(body) || !isObject(body.status)) throw new Error(`there is no node ${name}`);
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    const status = { ...body.status, addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
    const { code } = await controlPlane.fetch('PUT', `${path}/status`, { ...body, status });
    if (code !== 200) throw new Error(`the status of node ${name} was refused`);
  }
  return {
    close: async () => {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}
