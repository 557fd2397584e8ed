import { describe, expect, it } from 'vitest';

import { float32Tensor } from '../tensorflow/host-tensor.ts';
import { hashTensors } from './hash-tensors.ts';
import { agreementReached, agreementVector } from './replica-agreement.ts';

const weights = (value: number) => hashTensors([float32Tensor('w', [2], [1, value])]);
const largestOf = (...vectors: number[][]) =>
  (vectors[0] ?? []).map((_, index) => Math.max(...vectors.map((vector) => vector[index] ?? Number.NaN)));

describe('agreement of ranks', () => {
  it('is reached if all hashes are the same', () => {
    const vector = agreementVector(weights(2));
    expect(vector).toHaveLength(32);
    expect(agreementReached(largestOf(vector, vector, vector))).toBe(true);
  });

  it.each([0, 1, 2])('is not reached if rank %i differs in the last bit of one weight', (odd) => {
    const vectors = [0, 1, 2].map((rank) => agreementVector(weights(rank === odd ? 2 + 2 ** -22 : 2)));
    expect(agreementReached(largestOf(...vectors))).toBe(false);
  });

  it('tells hashes apart that differ in a single piece', () => {
    const hash = 'ab'.repeat(32);
    const other = `${hash.slice(0, -1)}c`;
    expect(agreementReached(largestOf(agreementVector(hash), agreementVector(other)))).toBe(false);
  });
});
