/** Bounds of an exponential backoff. */
export interface BackoffLimits {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * The wait before try `failures + 1`: doubles with each failure, with up to a half more at random, so that many clients
 * of one server do not return together.
 * @param failures how many have failed in a row, from 1
 * @param random a number in [0, 1)
 */
export function backoffMs(failures: number, { initialMs, maxMs }: BackoffLimits, random: number): number {
  const doubled = initialMs * 2 ** Math.min(failures - 1, 30);
  return Math.min(maxMs, doubled * (1 + random / 2));
}
