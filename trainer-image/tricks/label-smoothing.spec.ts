import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothedTargets } from './label-smoothing.ts';

const crossEntropy = (targets: ArrayLike<number>, logits: readonly number[]) => {
  const logOfSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.reduce((loss, logit, index) => loss - (targets[index] ?? 0) * (logit - logOfSum), 0);
};

describe('smoothed targets', () => {
  it('give the loss of the paper, not of the published code (0.5901896986)', () => {
    const logits = [2, 1, 0, -1];
    expect(crossEntropy(smoothedTargets([0], 4, { smoothing: 0, form: 'paper' }), logits)).toBeCloseTo(
      0.4401896986,
      7,
    );
    expect(crossEntropy(smoothedTargets([0], 4, { smoothing: 0.1, form: 'paper' }), logits)).toBeCloseTo(
      0.6401896986,
      7,
    );
  });

  it('give 0.9 and 0.1/999 for 1000 classes', () => {
    const targets = smoothedTargets([7], 1000, { smoothing: 0.1, form: 'paper' });
    expect(targets[7]).toBeCloseTo(0.9, 7);
    expect(targets[8]).toBeCloseTo(1.001001e-4, 10);
  });

  it('have the least loss that the paper states: 0.5448054311 for 10 classes', () => {
    const targets = [...smoothedTargets([3], 10, { smoothing: 0.1, form: 'paper' })];
    expect(targets.reduce((loss, target) => loss - target * Math.log(target), 0)).toBeCloseTo(
      0.5448054311,
      6,
    );
  });

  it('are one-hot without smoothing, a row for each label', () => {
    expect([...smoothedTargets(Uint8Array.of(1, 0), 3, { smoothing: 0, form: 'paper' })]).toEqual([
      0, 1, 0, 1, 0, 0,
    ]);
  });

  it('add up to 1 in every row', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 50 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (classes, smoothing) => {
          const row = smoothedTargets([classes - 1], classes, { smoothing: smoothing, form: 'paper' });
          expect(row.reduce((sum, target) => sum + target, 0)).toBeCloseTo(1, 5);
        },
      ),
    );
  });
});
