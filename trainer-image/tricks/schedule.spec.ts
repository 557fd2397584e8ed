import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presets } from '../../operator/api/v1alpha1/presets.ts';
import { learningRateAt } from './schedule.ts';

const cosine = presets['bag-of-tricks'].learningRate;

describe('warm-up and cosine on ImageNet: 1,281,167 images, batch 1024, 120 epochs', () => {
  const length = { batchSize: 1024, stepsPerEpoch: 1251, epochs: 120 };

  // Batch i of the paper, counted from 1; computed in float64.
  it.each([
    [1, 6.394884e-5],
    [100, 6.394884e-3],
    [1251, 0.08],
    [3128, 0.20003197],
    [6255, 0.4],
    [42_221, 0.3414221283],
    [78_187, 0.2000021837],
    [114_153, 0.05858096],
    [148_869, 7.4623748e-5],
    [150_120, 0],
  ])('gives batch %i the rate %f', (batch, expected) => {
    const rate = learningRateAt(cosine, length, batch - 1);
    expect(Math.abs(rate - expected)).toBeLessThanOrEqual(1e-7 * expected + 1e-15);
  });

  // Six digits of the rate at a step counted from 0, as GluonCV's training logs print them.
  it.each([
    ['resnet50_v1d.log', 120, 49, 0.003133],
    ['resnet50_v1d.log', 120, 99, 0.006331],
    ['resnet50_v1d.log', 120, 1249, 0.079872],
    ['resnet50_v1d.log', 120, 6203, 0.396675],
    ['resnet50_v1d.log', 120, 6253, 0.399872],
    ['resnet50_v1d.log', 120, 6304, 0.4],
    ['resnet50_v1d.log', 120, 78_161, 0.200116],
    ['resnet50_v1d.log', 120, 148_918, 0.000069],
    ['resnet50_v1d.log', 120, 150_118, 0],
    ['resnet50_v1d-mixup.log', 200, 78_161, 0.320203],
    ['resnet50_v1d-mixup.log', 200, 148_918, 0.147337],
    ['resnet50_v1d-mixup.log', 200, 150_118, 0.144361],
    ['resnet50_v1d-mixup.log', 200, 248_998, 0.000024],
  ])('has in the form of the code the rate of %s, %i epochs, at step %i', (_, epochs, step, printed) => {
    const rate = learningRateAt({ ...cosine, form: 'code' }, { ...length, epochs }, step);
    expect(Math.abs(rate - printed)).toBeLessThanOrEqual(5.01e-7);
  });

  it('has in the form of the code the rate of the log of a smaller batch', () => {
    const smaller = { batchSize: 256, stepsPerEpoch: 5004, epochs: 120 };
    expect(learningRateAt({ ...cosine, form: 'code' }, smaller, 49)).toBeCloseTo(0.000196, 6);
  });

  it('is in the form of the code one step behind', () => {
    for (const step of [1, 100, 6255, 80_000]) {
      const code = learningRateAt({ ...cosine, form: 'code' }, length, step);
      expect(code).toBe(learningRateAt(cosine, length, step - 1));
    }
    expect(learningRateAt({ ...cosine, form: 'code' }, length, 0)).toBe(0);
  });
});

describe('a schedule of 25 steps', () => {
  const length = { batchSize: 1024, stepsPerEpoch: 5, epochs: 5 };

  it('rises over the warm-up and falls along half a cosine to 0', () => {
    const rates = Array.from({ length: 25 }, (_, step) =>
      learningRateAt({ ...cosine, warmupEpochs: 1 }, length, step),
    );
    const expected = [
      0.08, 0.16, 0.24, 0.32, 0.4, 0.3975376681, 0.3902113033, 0.3782013048, 0.3618033989, 0.3414213562,
      0.3175570505, 0.2907980999, 0.2618033989, 0.231286893, 0.2, 0.168713107, 0.1381966011, 0.1092019001,
      0.0824429495, 0.0585786438, 0.0381966011, 0.0217986952, 0.0097886967, 0.0024623319, 0,
    ];
    expect(rates).toHaveLength(expected.length);
    for (const [step, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[step] ?? Number.NaN, 9);
  });

  it('takes a fraction of an epoch for warm-up', () => {
    const rates = [0, 1, 2].map((step) =>
      learningRateAt({ ...cosine, warmupEpochs: 0.4, schedule: 'constant' }, length, step),
    );
    expect(rates).toEqual([0.2, 0.4, 0.4]);
  });
});

describe('step decay of the baseline', () => {
  const length = { batchSize: 256, stepsPerEpoch: 5004, epochs: 120 };

  it.each([
    [0, 0.1],
    [29, 0.1],
    [30, 0.01],
    [59, 0.01],
    [60, 0.001],
    [89, 0.001],
    [90, 1e-4],
    [119, 1e-4],
  ])('has in epoch %i the rate %f, in its first step and its last', (epoch, expected) => {
    for (const step of [epoch * 5004, epoch * 5004 + 5003]) {
      expect(learningRateAt(presets.baseline.learningRate, length, step)).toBeCloseTo(expected, 12);
    }
  });
});

describe('any schedule', () => {
  it('stays between 0 and the peak', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('cosine' as const, 'step' as const, 'constant' as const),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (schedule, stepsPerEpoch, epochs, warmupShare, position) => {
          const learningRate = { ...cosine, schedule, warmupEpochs: warmupShare * epochs };
          const step = Math.floor(position * stepsPerEpoch * epochs);
          const rate = learningRateAt(learningRate, { batchSize: 1024, stepsPerEpoch, epochs }, step);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(0.4 + 1e-12);
        },
      ),
    );
  });
});
