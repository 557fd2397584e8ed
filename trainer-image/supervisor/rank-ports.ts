import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { firstRankPort } from '../../operator/api/trainer/environment.ts';

/**
 * One port for the collective server of each rank of this pod.
 *
 * TensorFlow's server listens on all addresses of the machine, whatever address its cluster definition names, and sets
 * SO_REUSEPORT: two pods that share a machine's network would take each other's connections without any error. So a
 * pod of the local node agent takes ports that are free now, while a pod on a cluster, alone in its network, takes
 * those that its NetworkPolicy knows.
 */
export async function chooseRankPorts(count: number, sharesNetwork: boolean): Promise<number[]> {
  if (!sharesNetwork) return Array.from({ length: count }, (_, index) => firstRankPort + index);
  // All are held open until the last is chosen, so that none is chosen twice.
  const servers = Array.from({ length: count }, () => createServer().listen(0, '0.0.0.0'));
  try {
    await Promise.all(servers.map((server) => once(server, 'listening')));
    return servers.map((server) => portOf(server.address()));
  } finally {
    for (const server of servers) server.close();
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('a listening server has a port');
  return address.port;
}
