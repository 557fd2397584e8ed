import { describe, expect, it } from 'vitest';
import { smoothedTargets } from './label-smoothing.ts';
import { mixInto, mixingWeight, partnerPosition } from './mixup.ts';

const rounded = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(7)));

describe('mixup', () => {
  it('mixes pixels by the weight', () => {
    const pixels = Float32Array.of(10, 20, 30);
    mixInto(pixels, Float32Array.of(110, 220, 130), 0.3);
    expect(rounded(pixels)).toEqual([80, 160, 100]);
  });

  it('mixes targets after smoothing', () => {
    const hard = smoothedTargets([2], 4, { smoothing: 0, form: 'paper' });
    mixInto(hard, smoothedTargets([0], 4, { smoothing: 0, form: 'paper' }), 0.3);
    expect(rounded(hard)).toEqual([0.7, 0, 0.3, 0]);

    const smoothed = smoothedTargets([2], 4, { smoothing: 0.1, form: 'paper' });
    mixInto(smoothed, smoothedTargets([0], 4, { smoothing: 0.1, form: 'paper' }), 0.3);
    expect(rounded(smoothed)).toEqual([0.64, 0.0333333, 0.2933333, 0.0333333]);

    const asInCode = smoothedTargets([2], 4, { smoothing: 0.1, form: 'code' });
    mixInto(asInCode, smoothedTargets([0], 4, { smoothing: 0.1, form: 'code' }), 0.3);
    expect(rounded(asInCode)).toEqual([0.655, 0.025, 0.295, 0.025]);
  });

  it('pairs the samples of a batch', () => {
    for (const batchSize of [1, 7, 128]) {
      for (let position = 0; position < batchSize; position += 1) {
        const partner = partnerPosition(position, batchSize);
        expect(partner).toBeGreaterThanOrEqual(0);
        expect(partner).toBeLessThan(batchSize);
        expect(partnerPosition(partner, batchSize)).toBe(position);
      }
    }
  });

  it('draws the weight by seed and step', () => {
    expect(mixingWeight(0.2, 1, 5)).toBe(mixingWeight(0.2, 1, 5));
    expect(mixingWeight(0.2, 1, 5)).not.toBe(mixingWeight(0.2, 1, 6));
    expect(mixingWeight(0.2, 1, 5)).not.toBe(mixingWeight(0.2, 2, 5));
  });

  it('refuses to mix what is not of one size', () => {
    expect(() => {
      mixInto(new Float32Array(3), new Float32Array(2), 0.5);
    }).toThrow('cannot mix 3 values with 2');
  });
});
