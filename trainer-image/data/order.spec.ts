import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOrder, rankShare, stepsInEpoch } from './order.ts';

const size = fc.integer({ min: 1, max: 400 });
const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

describe('the order of an epoch', () => {
  it('has every sample once', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (count, seed, epoch) => {
        expect(ascending(epochOrder(count, seed, epoch))).toEqual(
          Array.from({ length: count }, (_, id) => id),
        );
      }),
    );
  });

  it('is decided by seed and epoch', () => {
    expect(epochOrder(1000, 3, 7)).toEqual(epochOrder(1000, 3, 7));
    expect(epochOrder(1000, 3, 7)).not.toEqual(epochOrder(1000, 3, 8));
    expect(epochOrder(1000, 3, 7)).not.toEqual(epochOrder(1000, 4, 7));
  });

  it('makes every place as likely for a sample as any other', () => {
    const counts = new Array<number>(4).fill(0);
    for (let epoch = 0; epoch < 8000; epoch += 1) {
      const place = epochOrder(4, 0, epoch).indexOf(0);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(160);
  });

  it('stays what it is from release to release, or runs could not be continued', () => {
    expect([...epochOrder(10, 0, 0)]).toEqual([4, 3, 5, 1, 2, 7, 6, 0, 8, 9]);
  });

  it('fills whole batches only', () => {
    expect(stepsInEpoch(1_281_167, 1024)).toBe(1251);
    expect(stepsInEpoch(60_000, 128)).toBe(468);
    expect(stepsInEpoch(10, 11)).toBe(0);
  });
});

describe('the shares of the ranks', () => {
  it('are disjoint, complete and of nearly one size', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 64 }), (count, worldSize) => {
        const shares = Array.from({ length: worldSize }, (_, rank) => rankShare(count, { rank, worldSize }));
        expect(ascending(shares.flat())).toEqual(Array.from({ length: count }, (_, id) => id));
        const lengths = shares.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
