import type { Clock } from '../../base/clock.ts';

/** How often something may happen. */
export interface RateLimit {
  /** Long-run rate, a second. */
  readonly perSecond: number;
  /** How many may happen at once after a pause. */
  readonly burst: number;
}

/** A limiter that lets callers pass in the order in which they came. */
export interface TokenBucket {
  /** Waits for the caller's turn; resolves to the milliseconds waited. Resolves early when `signal` is aborted. */
  take(signal?: AbortSignal): Promise<number>;
}

/** A token bucket: full at first, one token a call, refilled at a steady rate. */
export function createTokenBucket({ perSecond, burst }: RateLimit, clock: Clock): TokenBucket {
  let tokens = burst;
  let filledAt = clock.monotonicMs();
  return {
    async take(signal) {
      const now = clock.monotonicMs();
      tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) / 1000) * perSecond) - 1;
      filledAt = now;
      if (tokens >= 0) return 0;
      // Below zero a token is owed: each caller waits for its own, so that the order is kept without a queue.
      const waitMs = (-tokens / perSecond) * 1000;
      await clock.sleep(waitMs, signal);
      return waitMs;
    },
  };
}
