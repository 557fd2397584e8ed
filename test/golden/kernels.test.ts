import { expect, it } from 'vitest';

import type { KernelsAnswer } from './ranks/kernels.ts';
import { runRanks } from './run-ranks.ts';

it('pads convolutions and pools as the reference networks do, also in their gradients', async () => {
  const [answer] = (await runRanks('kernels', 1, null)) as [KernelsAnswer];
  // TensorFlow's SAME would give 9 9 9 6.
  expect(answer.convolution).toEqual([4, 6, 6, 6]);
  expect(answer.unitStride).toEqual([4, 6, 6, 6, 6, 6, 6, 4]);
  expect(answer.averageOdd).toEqual([1, 1, 1, 1]);
  expect(answer.maximum).toEqual([1, 1, 1, 1]);
  for (const [forward, backward] of [
    answer.convolutionAdjoint,
    answer.oddConvolutionAdjoint,
    answer.averageAdjoint,
  ]) {
    expect(Math.abs(forward)).toBeGreaterThan(1);
    expect(backward / forward).toBeCloseTo(1, 4);
  }
});
