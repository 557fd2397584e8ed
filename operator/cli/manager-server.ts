import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { CommandError } from './command-error.ts';
import { parseListen } from './parse-listen.ts';

export interface ManagerServerOptions {
  /** `address:port`; port 0 is any free one. */
  readonly listen: string;
  /** Absent where the metrics are served elsewhere. */
  readonly registry?: Registry;
  /** Whether this replica does, or could at once begin to do, its work. */
  readonly isReady: () => boolean;
}

/** Serves what the kubelet and Prometheus ask for. */
export interface ManagerServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/healthz` says that this process still answers, `/readyz` whether it is of use, `/metrics` what it counted.
 * @throws CommandError when the address is wrong or in use
 */
export async function startManagerServer({
  listen,
  registry,
  isReady,
}: ManagerServerOptions): Promise<ManagerServer> {
  const { host, port } = parseListen('--listen', listen);
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET') answer(response, 405, 'only GET');
    else if (path === '/healthz') answer(response, 200, 'ok');
    else if (path === '/readyz') answer(response, isReady() ? 200 : 503, isReady() ? 'ok' : 'not ready yet');
    else if (path === '/metrics' && registry !== undefined) {
      registry.metrics().then(
        (text) => answer(response, 200, text, registry.contentType),
        () => answer(response, 500, 'the metrics cannot be read'),
      );
    } else answer(response, 404, 'there are /healthz, /readyz and /metrics');
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new CommandError(`cannot listen on ${listen}; --listen names another place`, { cause: error });
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, code: number, text: string, type = 'text/plain'): void {
  response.writeHead(code, { 'content-type': type }).end(text.endsWith('\n') ? text : `${text}\n`);
}
