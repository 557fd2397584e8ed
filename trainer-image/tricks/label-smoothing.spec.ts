import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothedTargets, type LabelSmoothing } from './label-smoothing.ts';

const crossEntropy = (targets: ArrayLike<number>, logits: readonly number[]) => {
  const logOfSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.reduce((loss, logit, index) => loss - (targets[index] ?? 0) * (logit - logOfSum), 0);
};

const entropy = (targets: ArrayLike<number>) =>
  Array.from(targets).reduce((sum, target) => sum - target * Math.log(target), 0);

const forms: readonly (LabelSmoothing &
  Record<'loss' | 'others' | 'truth', number> &
  Record<'gaps' | 'floors', readonly number[]>)[] = [
  {
    ...{ smoothing: 0.1, form: 'paper', loss: 0.6401896986, others: 0.1 / 999, truth: 0.9 },
    ...{ gaps: [4.3944492, 9.1039794], floors: [0.5448054311, 1.0157584513] },
  },
  {
    ...{ smoothing: 0.1, form: 'code', loss: 0.5901896986, others: 0.1 / 1000, truth: 0.9001 },
    ...{ gaps: [4.5108595, 9.105091], floors: [0.5002880351, 1.0148479977] },
  },
];

describe('smoothed targets', () => {
  it.each(forms)('have the loss of the $form', ({ form, loss }) => {
    const logits = [2, 1, 0, -1];
    expect(crossEntropy(smoothedTargets([0], 4, { smoothing: 0, form }), logits)).toBeCloseTo(
      0.4401896986,
      7,
    );
    expect(crossEntropy(smoothedTargets([0], 4, { smoothing: 0.1, form }), logits)).toBeCloseTo(loss, 7);
  });

  it.each(forms)('have for 1000 classes the probabilities of the $form', ({ form, truth, others }) => {
    const targets = smoothedTargets([7], 1000, { smoothing: 0.1, form });
    expect(targets[7]).toBeCloseTo(truth, 7);
    expect(targets[8]).toBeCloseTo(others, 10);
  });

  it.each(forms)('have the best logits and the least loss of the $form', ({ form, gaps, floors }) => {
    for (const [index, classes] of [10, 1000].entries()) {
      const targets = smoothedTargets([3], classes, { smoothing: 0.1, form });
      const gap = Math.log((targets[3] ?? NaN) / (targets[0] ?? NaN));
      expect(Math.abs(gap / (gaps[index] ?? NaN) - 1)).toBeLessThan(1e-6);
      expect(Math.abs(entropy(targets) / (floors[index] ?? NaN) - 1)).toBeLessThan(1e-6);
    }
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
          const row = smoothedTargets([classes - 1], classes, { smoothing, form: 'code' });
          expect(row.reduce((sum, target) => sum + target, 0)).toBeCloseTo(1, 5);
        },
      ),
    );
  });
});
