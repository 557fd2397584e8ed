import { assert, array, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maximumRecording, packBuckets, sumRecording } from './collectives.ts';

const tensors = (sizes: readonly number[]) => sizes.map((size) => ({ size }));

describe('packing buckets', () => {
  it('puts a list that fits into one bucket', () => {
    expect(packBuckets(tensors([1, 2, 3]), { capacity: 24, alone: 16 })).toEqual([tensors([1, 2, 3])]);
  });

  it('gives a large tensor a bucket of its own, and puts those around it together', () => {
    expect(packBuckets(tensors([1, 100, 2]), { capacity: 16, alone: 16 })).toEqual([
      tensors([1, 2]),
      tensors([100]),
    ]);
  });

  it('loses nothing, keeps the order of what is small, makes no empty bucket and exceeds the size with single tensors only', () => {
    const sizesOfItems = array(integer({ min: 0, max: 50 }));
    const bytes = integer({ min: 4, max: 200 });
    assert(
      property(sizesOfItems, bytes, bytes, (sizes, capacity, alone) => {
        const items = sizes.map((size, id) => ({ size, id }));
        const isLarge = ({ size }: { readonly size: number }) => 4 * size >= alone;
        const buckets = packBuckets(items, { capacity, alone });
        expect(buckets.flat().sort((left, right) => left.id - right.id)).toEqual(items);
        expect(buckets.flat().filter((item) => !isLarge(item))).toEqual(
          items.filter((item) => !isLarge(item)),
        );
        for (const bucket of buckets) {
          const total = 4 * bucket.reduce((sum, { size }) => sum + size, 0);
          expect(bucket.length === 1 || (total <= capacity && !bucket.some(isLarge))).toBe(true);
          expect(bucket.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('reductions outside a step', () => {
  const instanceKeys = (recording: ReturnType<typeof sumRecording>) =>
    recording.nodes.filter(({ op }) => op === 'Const').map(({ attributes }) => attributes.value);

  it('have other keys for another length or kind, as TensorFlow ties keys to shapes', () => {
    const keys = [sumRecording(2, 3), sumRecording(2, 4), maximumRecording(2, 3)].map((recording) =>
      JSON.stringify(instanceKeys(recording)),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it('are effects, so that TensorFlow keeps them', () => {
    expect(sumRecording(2, 3).effects).toHaveLength(1);
  });
});
