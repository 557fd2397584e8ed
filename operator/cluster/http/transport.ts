import { request as httpRequest } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { ClusterError } from '../cluster-error.ts';
import { ApiRefusal } from './api-refusal.ts';
import { toApiStatus } from './api-status.ts';
import type { ConnectionPools, Purpose } from './connection-pools.ts';
import type { CredentialSource } from './credentials.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { TokenBucket } from './token-bucket.ts';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly purpose: Purpose;
  readonly signal?: AbortSignal;
}

/** Sends requests once; refusals and broken connections are thrown as {@link ClusterError}. */
export interface Transport {
  /** The answer's JSON. */
  call(request: ApiRequest): Promise<unknown>;
  /** The answer's bytes as they come, until it ends or `signal` is aborted. */
  stream(request: ApiRequest): Promise<AsyncIterable<Buffer>>;
}

export interface TransportParts {
  readonly credentials: CredentialSource;
  readonly pools: ConnectionPools;
  /** Leases are not limited: a leader that waits for its own writes would lose office. */
  readonly limiter: TokenBucket;
  readonly metrics: RequestMetrics;
  readonly clock: Clock;
  readonly userAgent: string;
}

type HttpResponse = Awaited<ReturnType<typeof httpRequest>>;

export function createTransport(parts: TransportParts): Transport {
  return {
    async call(request) {
      const response = await send(parts, request);
      return parseBody(await readText(response, request), response.headers['content-type']);
    },
    async stream(request) {
      const { body } = await send(parts, request);
      return body;
    },
  };
}

/** A token may have been rotated since it was read: a refused one is read again and tried once more. */
async function send(parts: TransportParts, request: ApiRequest): Promise<HttpResponse> {
  try {
    return await sendOnce(parts, request);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status.code !== 401) throw error;
    parts.credentials.reload();
    return sendOnce(parts, request);
  }
}

async function sendOnce(parts: TransportParts, request: ApiRequest): Promise<HttpResponse> {
  const { credentials, pools, limiter, metrics, clock, userAgent } = parts;
  const { method, path, query = {}, body, contentType = 'application/json', purpose, signal } = request;
  const reached = await credentials.current();
  const { host } = new URL(reached.server);
  if (purpose !== 'leases') metrics.limited({ method, host, seconds: (await limiter.take(signal)) / 1000 });

  const search = new URLSearchParams(query).toString();
  const startedAt = clock.monotonicMs();
  const answered = (code: string) => {
    const seconds = (clock.monotonicMs() - startedAt) / 1000;
    metrics.answered({ method, host, code, seconds, isWatch: purpose === 'watches' });
  };
  let response: HttpResponse;
  try {
    response = await httpRequest(`${reached.server}${path}${search === '' ? '' : `?${search}`}`, {
      dispatcher: pools.dispatcher(purpose, reached),
      method,
      headers: {
        ...reached.headers,
        'user-agent': userAgent,
        accept: 'application/json',
        // Inside a cluster packing costs more than it saves; the server would pack every answer above 128 KiB.
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    answered('<error>');
    throw unreachable(request, error);
  }
  answered(String(response.statusCode));
  if (response.statusCode < 300) return response;
  const text = await readText(response, request);
  const answer = parseBody(text, response.headers['content-type']);
  throw new ApiRefusal(toApiStatus(response.statusCode, answer, retryAfterSeconds(response, clock)));
}

async function readText(response: HttpResponse, request: ApiRequest): Promise<string> {
  try {
    return await response.body.text();
  } catch (error) {
    throw unreachable(request, error);
  }
}

function unreachable({ method, path, signal }: ApiRequest, error: unknown): unknown {
  if (signal?.aborted === true) return error;
  const message = `the Kubernetes API did not answer ${method} ${path}: ${describeError(error)}`;
  return new ClusterError('Unavailable', message, { cause: error });
}

function parseBody(text: string, contentType: string | string[] | undefined): unknown {
  if (!String(contentType).startsWith('application/json')) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ClusterError('Unavailable', 'the Kubernetes API answered with broken JSON', { cause: error });
  }
}

/** Seconds of a Retry-After header, which is a number or a date. */
function retryAfterSeconds({ headers }: HttpResponse, clock: Clock): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - clock.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
