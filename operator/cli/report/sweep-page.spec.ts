import { describe, expect, it } from 'vitest';
import { ablationManifest, searchManifest } from '../../api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import type { TrialRow } from '../../api/v1alpha1/training-sweep-status.ts';
import { validateTrainingSweep } from '../../api/v1alpha1/training-sweep-validate.ts';
import type { TrialCurve } from './sweep-charts.ts';
import { drawSweepPage } from './sweep-page.ts';

function sweepOf(manifest: object, trials: readonly Partial<TrialRow>[]): TrainingSweep {
  const validation = validateTrainingSweep(manifest);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  const changedAt = '2026-01-01T00:00:00Z';
  const rows = trials.map((row, index) => ({ index, phase: 'Succeeded' as const, changedAt, ...row }));
  return { ...validation.sweep, status: { phase: 'Succeeded', trials: rows } };
}

function pageOf(sweep: TrainingSweep, curves: readonly TrialCurve[] = []): string {
  const environment = [['TensorFlow', '2.21.0']] as const;
  return drawSweepPage({ sweep, curves, environment, madeAt: '2026-01-01T01:00:00Z', version: '0.1.0' });
}

function curve(index: number): TrialCurve {
  const history = [1, 2].map((epoch) => ({ epoch, trainLoss: 1, learningRate: 0.1, top1: 0.4 * epoch }));
  return { index, history };
}

const values = [0.9, 0.92, 0.9, 0.902, 0.921, 0.906, 0.898, 0.919, 0.899];
const table = sweepOf(
  ablationManifest(),
  values.map((value) => ({ value, epoch: 8 })),
);
const search = sweepOf(
  searchManifest({
    parameters: [
      { path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } },
      { path: 'recipe.optimizer.name', values: ['nesterov', 'sgd'] },
    ],
  }),
  [
    { point: [0.1, 0], value: 0.9, epoch: 8 },
    { point: [0.5, 1], value: 0.5, epoch: 1, phase: 'Paused', reason: 'NotPromoted' },
  ],
);

describe('the page of an ablation', () => {
  it('has mean, deviation, difference with interval, and says in words what cannot be told apart', () => {
    const page = pageOf(table);
    expect(page).toContain('<td>90.00 ± 0.20</td>');
    expect(page).toMatch(/<td>\+2\.00 \(\+1\.\d\d to \+2\.\d\d\)<\/td><td>better<\/td>/);
    expect(page).toContain('<dt>TensorFlow</dt><dd>2.21.0</dd>');
    expect(page).toContain('+ cosine is better than baseline.');
    expect(page).toContain('+ smoothing and baseline cannot be told apart by these 3 seeds.');
  });

  it('draws the intervals, for a light and a dark ground', () => {
    expect(pageOf(table).match(/aria-label="Difference to the first row"/g)).toHaveLength(2);
  });

  it('compares nothing of a single seed', () => {
    const page = pageOf(sweepOf(ablationManifest(), [{ value: 0.9 }, { value: 0.91 }, { value: 0.89 }]));
    expect(page).toContain('+ cosine has too few seeds to be compared with baseline.');
    expect(page).not.toContain('aria-label="Difference');
  });
});

describe('the page of a search', () => {
  it('draws a line a trial through its parameters, and every trial that was read as a curve', () => {
    const page = pageOf(search, [curve(0), curve(1)]);
    expect(page.match(/aria-label="Parameters and what came of them"/g)).toHaveLength(2);
    expect(page.match(/aria-label="Learning curves"/g)).toHaveLength(2);
    expect(page).toContain('Paused (NotPromoted)');
    expect(page).not.toContain('<h2>Answer</h2>');
  });

  it('is a page also before any trial was evaluated, and of trials without a curve', () => {
    expect(pageOf(sweepOf(searchManifest(), [{ point: [0.1], phase: 'Active' }]))).not.toContain('<svg');
    expect(pageOf(search)).not.toContain('Learning curves');
  });
});

describe('the page of a sweep', () => {
  it('needs nothing besides itself, and keeps text text', () => {
    const rows = [{ name: 'a' }, { name: '<img src=x>' }];
    const named = sweepOf(
      ablationManifest({ ablation: { rows } }),
      values.map((value) => ({ value })).slice(0, 6),
    );
    const page = pageOf(named, [curve(0)]);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)/);
    expect(page).toContain('&lt;img src=x&gt;');
  });
});
