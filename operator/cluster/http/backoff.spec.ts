import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

const limits = { initialMs: 800, maxMs: 30_000 };

describe('a backoff', () => {
  it('doubles up to its limit', () => {
    expect([1, 2, 3, 6, 7, 100].map((failures) => backoffMs(failures, limits, 0))).toEqual([
      800, 1600, 3200, 25_600, 30_000, 30_000,
    ]);
  });

  it('is spread by at most a half, and stays within its limits', () => {
    const anyFailures = fc.integer({ min: 1, max: 10_000 });
    const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(anyFailures, anyRandom, (failures, random) => {
        const least = backoffMs(failures, limits, 0);
        const delayMs = backoffMs(failures, limits, random);
        expect(delayMs).toBeGreaterThanOrEqual(least);
        expect(delayMs).toBeLessThanOrEqual(Math.min(limits.maxMs, least * 1.5));
      }),
    );
  });
});
