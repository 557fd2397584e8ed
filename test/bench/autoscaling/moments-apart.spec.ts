import { describe, expect, it } from 'vitest';
import { farthestApartMs, untilTheFirstRestart } from './moments-apart.ts';
import type { TrialEvent } from './simulated-cluster.ts';

const begins = (trial: number, atMs: number): TrialEvent => ({ trial, what: 'begins', atMs });
const ends = (trial: number, atMs: number): TrialEvent => ({ trial, what: 'ends', atMs });

describe('how far the moments of two timelines are apart', () => {
  it('is the most of all beginnings and ends, whichever trials they are of', () => {
    expect(farthestApartMs([begins(0, 1), ends(0, 9)], [begins(1, 2), ends(1, 5)])).toBe(4);
  });

  it('is infinite where one has more of them', () => {
    expect(farthestApartMs([begins(0, 1)], [begins(0, 1), begins(1, 2)])).toBe(Infinity);
  });

  it('can be asked up to the loss after which a trial begins again', () => {
    const loss = [begins(0, 1), begins(1, 2), ends(0, 5), ends(1, 5)];
    expect(untilTheFirstRestart([...loss, begins(2, 6), begins(1, 8), ends(2, 9)])).toEqual(loss);
    expect(untilTheFirstRestart([...loss, begins(2, 6)])).toEqual([...loss, begins(2, 6)]);
  });
});
