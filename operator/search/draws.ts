import { createHash } from 'node:crypto';

/**
 * A number from 0 (included) to 1 (excluded) that is a function of the seed and of what it is for, and of nothing else:
 * whoever asks again, in whatever order and after whatever restart, gets the same.
 */
export function uniform(seed: number, ...purpose: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update([seed, ...purpose].join('/'))
    .digest();
  // 53 bits are what a double holds.
  return Number(digest.readBigUInt64BE() >> 11n) / 2 ** 53;
}
