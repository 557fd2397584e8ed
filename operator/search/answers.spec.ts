import { describe, expect, it } from 'vitest';
import { ablationManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import { validateTrainingSweep } from '../api/v1alpha1/training-sweep-validate.ts';
import { answersOf } from './answers.ts';
import { studentQuantile } from './student.ts';

/** Answers of the table for tests, from a value of each row in each seed. */
function answers(values: readonly (readonly (number | undefined)[])[], spec: object = {}) {
  const seeds = values.map((_, seed) => seed);
  const { ablation } = ablationManifest().spec as { ablation?: object };
  const validation = validateTrainingSweep(ablationManifest({ ...spec, ablation: { ...ablation, seeds } }));
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  const trials = values.flat().map((value, index) => ({
    index,
    phase: value === undefined ? ('Failed' as const) : ('Succeeded' as const),
    ...(value === undefined ? {} : { value }),
    changedAt: '2026-01-01T00:00:00Z',
  }));
  return answersOf({ ...validation.sweep, status: { trials } });
}

describe('the answers of a table', () => {
  it('are mean and standard deviation of each row', () => {
    const [baseline] = answers([
      [0.9, 0.91, 0.92],
      [0.92, 0.93, 0.91],
      [0.94, 0.95, 0.93],
    ]);
    expect(baseline).toMatchObject({ row: 'baseline', values: [0.9, 0.92, 0.94] });
    expect(baseline?.mean).toBeCloseTo(0.92, 12);
    expect(baseline?.standardDeviation).toBeCloseTo(0.02, 12);
    expect(baseline?.difference).toBeUndefined();
  });

  it('compare rows seed by seed, so that what seeds have in common does not count', () => {
    // Differences 0.01, 0.011 and 0.012: mean 0.011, deviation 0.001, half width 4.3027 x 0.001 / sqrt(3).
    const [, cosine] = answers([
      [0.8, 0.81, 0.8],
      [0.85, 0.861, 0.85],
      [0.9, 0.912, 0.9],
    ]);
    expect(cosine?.difference).toMatchObject({ pairs: 3, verdict: 'better' });
    expect(cosine?.difference?.interval?.[0]).toBeCloseTo(0.011 - 0.0024842, 6);
    expect(cosine?.difference?.interval?.[1]).toBeCloseTo(0.011 + 0.0024842, 6);
  });

  it('say so when the interval holds zero', () => {
    const [, cosine] = answers([
      [0.8, 0.81, 0.8],
      [0.85, 0.84, 0.85],
      [0.9, 0.92, 0.9],
    ]);
    expect(cosine?.difference?.verdict).toBe('cannot be told apart');
  });

  it('claim nothing of a single pair, and leave out seeds that one of the two lacks', () => {
    const [, cosine] = answers([
      [0.8, 0.9, 0.8],
      [undefined, 0.9, 0.8],
      [0.8, undefined, 0.8],
    ]);
    expect(cosine?.difference).toMatchObject({ pairs: 1, verdict: 'too few seeds' });
  });

  it('call a lower loss better', () => {
    const rows = [
      [0.8, 0.7, 0.8],
      [0.8, 0.71, 0.8],
    ];
    expect(answers(rows, { objective: { metric: 'loss' } })[1]?.difference?.verdict).toBe('better');
    expect(answers(rows)[1]?.difference?.verdict).toBe('worse');
  });
});

describe("Student's t", () => {
  it.each([
    [1, 12.7062],
    [2, 4.3027],
    [31, 2.0395],
    [100, 1.984],
  ])('has its 97.5 %% quantile of %d degrees of freedom', (degrees, quantile) => {
    expect(studentQuantile(degrees)).toBeCloseTo(quantile, 3);
  });
});
