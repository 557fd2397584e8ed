import { assert, array, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maximumRecording, packBuckets, sumRecording } from './collectives.ts';

const tensors = (sizes: readonly number[]) => sizes.map((size) => ({ size }));

describe('packing buckets', () => {
  it('puts a list that fits into one bucket', () => {
    expect(packBuckets(tensors([1, 2, 3]), 24)).toEqual([tensors([1, 2, 3])]);
  });

  it('gives a tensor that is larger than a bucket a bucket of its own', () => {
    expect(packBuckets(tensors([1, 100, 1]), 16)).toEqual([tensors([1]), tensors([100]), tensors([1])]);
  });

  it('keeps order, loses nothing, makes no empty bucket and exceeds the size with single tensors only', () => {
    assert(
      property(array(integer({ min: 0, max: 50 })), integer({ min: 4, max: 200 }), (sizes, capacityBytes) => {
        const items = tensors(sizes);
        const buckets = packBuckets(items, capacityBytes);
        expect(buckets.flat()).toEqual(items);
        for (const bucket of buckets) {
          const bytes = 4 * bucket.reduce((total, { size }) => total + size, 0);
          expect(bucket.length === 1 || bytes <= capacityBytes).toBe(true);
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
