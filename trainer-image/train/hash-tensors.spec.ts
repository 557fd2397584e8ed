import { describe, expect, it } from 'vitest';

import { float32Tensor } from '../tensorflow/host-tensor.ts';
import { hashTensors, hashTensorsInTurns } from './hash-tensors.ts';

const a = float32Tensor('a', [2], [1, 2]);

describe('the hash of tensors', () => {
  it.each([
    ['name', float32Tensor('b', [2], [1, 2])],
    ['shape', float32Tensor('a', [2, 1], [1, 2])],
    ['last bit', float32Tensor('a', [2], [1, 2 + 2 ** -22])],
  ])('depends on the %s of each', (_, other) => {
    expect(hashTensors([other])).not.toBe(hashTensors([a]));
  });

  it('is the same taken in turns', async () => {
    const tensors = [a, float32Tensor('b', [1], [3])];
    expect(await hashTensorsInTurns(tensors)).toBe(hashTensors(tensors));
  });
});
