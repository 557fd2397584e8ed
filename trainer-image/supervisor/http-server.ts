import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describeError } from '../../operator/base/errors.ts';
import type { Logger } from '../../operator/base/logging.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers by method and path, such as `GET /progress`. */
export type HttpRoutes = Readonly<Record<string, (body: string) => HttpAnswer | Promise<HttpAnswer>>>;

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly routes: HttpRoutes;
  readonly log: Logger;
  /** Ends the server and its open connections. */
  readonly signal: AbortSignal;
}

/** A registration of 64 ranks with names of 300 characters fits easily. */
const longestBodyBytes = 64 * 1024;

/** Serves `routes` until `signal` is aborted. Resolves when it listens; rejects when the port is taken. */
export async function serveHttp({ host, port, routes, log, signal }: HttpServerOptions): Promise<void> {
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 5_000 }, (request, response) => {
    answer(routes, request)
      .catch((error: unknown) => {
        log.warn({ err: error, url: request.url }, 'a request failed');
        return plainText(500, describeError(error));
      })
      .then((result) => {
        send(response, result);
      }, log.error.bind(log));
  });
  server.listen(port, host);
  await once(server, 'listening', { signal });
  signal.addEventListener(
    'abort',
    () => {
      server.close();
      server.closeAllConnections();
    },
    { once: true },
  );
}

export function plainText(status: number, text: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: text };
}

export function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

async function answer(routes: HttpRoutes, request: IncomingMessage): Promise<HttpAnswer> {
  const path = (request.url ?? '/').replace(/\?.*/, '');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const route = routes[`${method} ${path}`];
  if (route !== undefined) {
    const body = await readBody(request);
    return body === undefined ? plainText(413, `more than ${longestBodyBytes} bytes`) : route(body);
  }
  const knownPath = Object.keys(routes).some((key) => key.endsWith(` ${path}`));
  return knownPath
    ? plainText(405, `${method} is not allowed on ${path}`)
    : plainText(404, `no ${path} here`);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.setEncoding('utf8')) {
    const bytes = Buffer.from(String(chunk));
    sizeBytes += bytes.length;
    if (sizeBytes > longestBodyBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, contentType, body }: HttpAnswer): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
