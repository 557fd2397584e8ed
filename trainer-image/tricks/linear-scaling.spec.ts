import { describe, expect, it } from 'vitest';
import { presets } from '../../operator/api/v1alpha1/presets.ts';
import { peakLearningRate } from './linear-scaling.ts';

describe('the peak learning rate', () => {
  it.each([
    [32, 0.0125],
    [256, 0.1],
    [768, 0.3],
    [1024, 0.4],
    [8192, 3.2],
  ])('of a batch of %i is %f under linear scaling from 0.1 for 256', (batchSize, expected) => {
    expect(peakLearningRate(presets.efficient.learningRate, batchSize)).toBeCloseTo(expected, 12);
  });

  it('does not depend on the batch without scaling', () => {
    expect(peakLearningRate(presets.baseline.learningRate, 1024)).toBe(0.1);
  });
});
