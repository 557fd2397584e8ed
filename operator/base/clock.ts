/** The passing of time, as a port: policy and loops are given one, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the Unix epoch. The clock behind it is set now and then, so that it jumps, forth and back. */
  now(): number;
  /** Milliseconds since some moment, by a clock that nobody sets: for how long something takes. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** The wire form of a moment: RFC 3339 in UTC with whole seconds, as Kubernetes writes it. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Milliseconds since the Unix epoch of a wire timestamp, or `undefined` when absent or not a date. */
export function fromTimestamp(timestamp: string | undefined): number | undefined {
  if (timestamp === undefined) return undefined;
  const epochMs = Date.parse(timestamp);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
