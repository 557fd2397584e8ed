import { beforeAll, expect, it } from 'vitest';

import type { KernelsAnswer } from './ranks/kernels.ts';
import { runRanks } from './run-ranks.ts';

let answer: KernelsAnswer;
beforeAll(async () => {
  [answer] = (await runRanks('kernels', 1, null)) as [KernelsAnswer];
});

it('pads convolutions and pools as the reference networks do, also in their gradients', () => {
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

it('rounds in half precision as loss scale and master weights have to reckon with', () => {
  const { half } = answer;
  const [lost, scaled = NaN, tooLarge] = half.rounded.map(Number);
  // What the loss scale saves, and what it must not do.
  expect(lost).toBe(0);
  expect(scaled).toBeCloseTo(1.025e-5, 8);
  expect(tooLarge).toBe(Infinity);
  // An update of 1e-4 would never arrive in a weight of 1; in the master weight it does.
  expect(half.onePlusSmall[0]).toBe(1);
  expect(half.onePlusSmall[1]).toBe(1 + 2 ** -10);
  expect(Math.fround(1 + 1e-4)).toBeGreaterThan(1);
});
