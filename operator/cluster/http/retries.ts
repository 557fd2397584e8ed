import type { Clock } from '../../base/clock.ts';
import { systemErrorCode } from '../../base/errors.ts';
import { ClusterError } from '../cluster-error.ts';
import { ApiRefusal } from './api-refusal.ts';
import { backoffMs } from './backoff.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { ApiRequest } from './transport.ts';

/** Tries of one call, the first included; longer outages are for the caller's own loop. */
const maxTries = 5;
const backoff = { initialMs: 200, maxMs: 5000 };
/** No caller waits longer than this for one more try, whatever the server asks for. */
const maxRetryAfterMs = 30_000;

interface RetryParts {
  readonly clock: Clock;
  readonly metrics: RequestMetrics;
  /** Name of the server in metrics. */
  readonly host: string;
  readonly random: () => number;
}

/** Sends a request until it is answered for good. Leases are tried once: their election has a rhythm of its own. */
export async function withRetries(
  request: ApiRequest,
  send: (request: ApiRequest) => Promise<unknown>,
  { clock, metrics, host, random }: RetryParts,
): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send(request);
    } catch (error) {
      const delayMs =
        tries >= maxTries || request.purpose === 'leases' || request.signal?.aborted === true
          ? undefined
          : retryDelayMs(request, error, tries, random());
      if (delayMs === undefined) throw error;
      const code = error instanceof ApiRefusal ? String(error.status.code) : '<error>';
      metrics.retried({ method: request.method, host, code });
      await clock.sleep(delayMs, request.signal);
    }
  }
}

/**
 * How long to wait before the same request may be sent again, or `undefined` when it may not. A request that may have
 * been carried out is repeated only where twice is the same as once.
 */
export function retryDelayMs(
  { method }: Pick<ApiRequest, 'method'>,
  error: unknown,
  failures: number,
  random: number,
): number | undefined {
  const delayMs = backoffMs(failures, backoff, random);
  const isIdempotent = method !== 'POST';
  if (error instanceof ApiRefusal) {
    const { code, retryAfterSeconds } = error.status;
    const askedMs = Math.min(maxRetryAfterMs, (retryAfterSeconds ?? 0) * 1000);
    if (code === 429) return Math.max(askedMs, delayMs);
    // A server that names a time has not begun; client-go repeats any request then.
    if (code >= 500 && (isIdempotent || retryAfterSeconds !== undefined)) return Math.max(askedMs, delayMs);
    return undefined;
  }
  if (!(error instanceof ClusterError) || error.reason !== 'Unavailable') return undefined;
  return isIdempotent || wasNeverSent(error.cause) ? delayMs : undefined;
}

function wasNeverSent(cause: unknown): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    systemErrorCode(cause) ?? '',
  );
}
