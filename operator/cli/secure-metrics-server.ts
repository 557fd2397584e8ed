import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/logging.ts';
import { CommandError } from './command-error.ts';
import { parseListen } from './parse-listen.ts';
import type { AccessCode } from './metrics-access.ts';

export interface SecureMetricsServerOptions {
  /** `address:port`; port 0 is any free one. */
  readonly listen: string;
  /** Folder with `tls.crt` and `tls.key`, as a Secret of type kubernetes.io/tls is mounted. */
  readonly tlsFolder: string;
  readonly registry: Registry;
  readonly access: (token: string | undefined) => Promise<AccessCode>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the certificate is read again; it is renewed weeks before its end. */
const certificatePeriodMs = 60_000;

/**
 * Serves `/metrics` over TLS to those with the right to read it.
 * @throws CommandError when the address is wrong or in use, or there is no usable certificate
 */
export async function startSecureMetricsServer(
  options: SecureMetricsServerOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { listen, tlsFolder, registry, access, clock, log } = options;
  const address = parseListen('--secure-metrics-listen', listen);
  const server = createServer(await readCertificate(tlsFolder), (request, response) => {
    const say = (code: number, text: string, type = 'text/plain') =>
      response.writeHead(code, { 'content-type': type }).end(text);
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      say(404, 'there is GET /metrics\n');
      return;
    }
    const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    access(token)
      .then(async (code) => {
        if (code === 200) say(200, await registry.metrics(), registry.contentType);
        else if (code === 401) say(401, 'a bearer token that the cluster knows is needed\n');
        else say(403, 'this account may not get the path /metrics: bind it to a ClusterRole that lets it\n');
      })
      .catch((error: unknown) => {
        log.warn({ error: describeError(error) }, 'access to the metrics could not be checked');
        say(503, 'whether you may read the metrics cannot be asked at the moment\n');
      });
  });
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new CommandError(`cannot listen on ${listen}; --secure-metrics-listen names another place`, {
      cause: error,
    });
  }
  const closing = new AbortController();
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(certificatePeriodMs, closing.signal);
      if (closing.signal.aborted) return;
      try {
        server.setSecureContext(await readCertificate(tlsFolder));
      } catch (error) {
        log.warn({ error: describeError(error) }, 'the certificate cannot be renewed; the old one stays');
      }
    }
  })();
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      closing.abort();
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await Promise.all([closed, renewing]);
    },
  };
}

async function readCertificate(folder: string): Promise<{ cert: Buffer; key: Buffer }> {
  const read = (file: string) => readFile(join(folder, file));
  try {
    return { cert: await read('tls.crt'), key: await read('tls.key') };
  } catch (error) {
    throw new CommandError(`--tls-folder needs tls.crt and tls.key: ${describeError(error)}`, {
      cause: error,
    });
  }
}
