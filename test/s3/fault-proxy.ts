import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { PrivateCertificate } from './private-authority.ts';

/**
 * What goes wrong with one request:
 * - `slow-down`: refused with 503 SlowDown, and Retry-After if seconds are given
 * - `reset`: the connection is cut before the store sees the request
 * - `lost-answer`: the store does as asked, then the connection is cut
 * - `truncated-upload`: the store gets half of the body, then both connections are cut
 * - `truncated-body`: half of the answer's body comes, then the connection is cut
 * - `stalled-body`: half of the answer's body comes, then nothing more
 * - `stalled`: the request is taken and never answered
 * - `expired-token`, `clock-skew`, `denied`: refused in these words of S3
 * - `no-conditions`: refused with 501 if it has a condition, as a store that knows none
 * - `slow`: everything works, after a wait
 */
export type Fault =
  | { readonly kind: 'slow-down'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | {
      readonly kind:
        | 'reset'
        | 'lost-answer'
        | 'truncated-upload'
        | 'truncated-body'
        | 'stalled-body'
        | 'stalled'
        | 'expired-token'
        | 'clock-skew'
        | 'denied'
        | 'no-conditions';
    };

/** One request as the proxy saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query, as it came. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly fault: Fault['kind'] | undefined;
  readonly atMs: number;
}

/** An HTTP proxy in front of one server that lets requests go wrong. */
export interface FaultProxy {
  readonly endpoint: string;
  /** All requests so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Asked for every request: what goes wrong with it, if anything. Replaces the plan before. */
  plan(choose: (request: { method: string; url: string }, index: number) => Fault | undefined): void;
  /** Lets the next `count` requests that match go wrong. */
  failNext(
    fault: Fault,
    count?: number,
    matches?: (request: { method: string; url: string }) => boolean,
  ): void;
  close(): Promise<void>;
}

/** @param certificate to be reached by HTTPS with */
export async function startFaultProxy(
  targetPort: number,
  certificate?: PrivateCertificate,
): Promise<FaultProxy> {
  const requests: SeenRequest[] = [];
  let choose: Parameters<FaultProxy['plan']>[0] = () => undefined;
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const fault = choose({ method, url }, requests.length);
    requests.push({ method, url, headers, fault: fault?.kind, atMs: Date.now() });
    serve(fault, incoming, outgoing, targetPort).catch(() => outgoing.destroy());
  };
  const server = certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    endpoint: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    requests,
    plan(newChoice) {
      choose = newChoice;
    },
    failNext(fault, count = 1, matches = () => true) {
      let left = count;
      choose = (seen) => {
        if (left === 0 || !matches(seen)) return undefined;
        left -= 1;
        return fault;
      };
    },
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

async function serve(
  fault: Fault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
): Promise<void> {
  switch (fault?.kind) {
    case 'slow-down': {
      const seconds = fault.retryAfterSeconds;
      await refuse(
        incoming,
        outgoing,
        503,
        'SlowDown',
        seconds === undefined ? {} : { 'retry-after': seconds },
      );
      return;
    }
    case 'expired-token':
      await refuse(incoming, outgoing, 400, 'ExpiredToken');
      return;
    case 'clock-skew':
      // The SDK mends its own clock from this header and tries again, which does not help if it is wrong too.
      await refuse(incoming, outgoing, 403, 'RequestTimeTooSkewed', { date: new Date(0).toUTCString() });
      return;
    case 'denied':
      await refuse(incoming, outgoing, 403, 'AccessDenied');
      return;
    case 'reset':
      incoming.socket.destroy();
      return;
    case 'stalled':
      incoming.resume();
      return;
    case 'no-conditions':
      if (incoming.headers['if-none-match'] !== undefined) {
        await refuse(incoming, outgoing, 501, 'NotImplemented');
        return;
      }
      break;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      break;
    default:
      break;
  }
  await forward(fault?.kind, incoming, outgoing, port);
}

async function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string | number> = {},
): Promise<void> {
  incoming.resume();
  if (!incoming.complete) await once(incoming, 'end');
  outgoing.writeHead(status, { 'content-type': 'application/xml', ...headers });
  outgoing.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>As the fault proxy was told</Message></Error>`,
  );
}

async function forward(
  fault: Fault['kind'] | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
): Promise<void> {
  const { method, url, headers } = incoming;
  const upstream = request({ host: '127.0.0.1', port, method, path: url, headers });
  const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined); // Reported below, or the fault itself.
  const halfBytes = Math.floor(Number(headers['content-length'] ?? 0) / 2);
  let sentBytes = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    if (fault === 'truncated-upload' && sentBytes + piece.length > halfBytes) {
      upstream.destroy();
      incoming.socket.destroy();
      return;
    }
    sentBytes += piece.length;
    if (!upstream.write(piece)) await once(upstream, 'drain');
  }
  upstream.end();
  const [answer] = await answered;
  if (fault === 'lost-answer') {
    answer.resume();
    await once(answer, 'end');
    incoming.socket.destroy();
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  const cutsBody = fault === 'truncated-body' || fault === 'stalled-body';
  const bodyLimit = cutsBody ? Math.floor(Number(answer.headers['content-length'] ?? 0) / 2) : Infinity;
  let returnedBytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    const part = piece.subarray(0, Math.max(0, bodyLimit - returnedBytes));
    returnedBytes += part.length;
    if (!outgoing.write(part)) await once(outgoing, 'drain');
    if (returnedBytes < bodyLimit) continue;
    if (fault === 'truncated-body') outgoing.destroy();
    answer.destroy();
    return;
  }
  outgoing.end();
}
