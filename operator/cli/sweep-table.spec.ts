import { describe, expect, it } from 'vitest';
import { ablationManifest, searchManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { validateTrainingSweep } from '../api/v1alpha1/training-sweep-validate.ts';
import { localSweep } from './run/local-sweep.ts';
import { changesOfTrials, drawAnswers, drawTrials, sweepCsv, sweepJson } from './sweep-table.ts';

function sweepOf(manifest: object, trials: readonly Partial<TrialRow>[] = []): TrainingSweep {
  const validation = validateTrainingSweep(manifest);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  const changedAt = '2026-01-01T00:00:00Z';
  const rows = trials.map((row, index) => ({ index, phase: 'Succeeded' as const, changedAt, ...row }));
  return { ...validation.sweep, status: { phase: 'Running', active: 1, trials: rows } };
}

const table = sweepOf(
  ablationManifest(),
  [0.9, 0.91, 0.9, 0.902, 0.912, 0.91, 0.898, 0.909].map((value) => ({ value, epoch: 8 })),
);

describe('the table of an ablation', () => {
  it('says what cannot be told apart, in words', () => {
    const lines = drawAnswers(table);
    expect(lines[1]).toMatch(/^baseline\s+90\.00 ± 0\.20\s+3$/);
    expect(lines[2]).toMatch(/^\+ cosine\s+91\.03 ± 0\.15\s+3\s+\+1\.03 \(\+0\.89 to \+1\.18\)\s+better$/);
    expect(lines[3]).toMatch(/cannot be told apart$/);
  });

  it('is there as JSON, with every value of every seed', () => {
    const { answers, trials } = JSON.parse(sweepJson(table)) as { answers: object[]; trials: object[] };
    expect(answers[0]).toMatchObject({ row: 'baseline', values: [0.9, 0.902, 0.898] });
    expect(trials[3]).toMatchObject({ value: 0.902, settings: { row: 'baseline', seed: 1 } });
  });

  it('is there as CSV, a line for each trial', () => {
    const lines = sweepCsv(table).split('\n');
    expect(lines[0]).toBe('trial,phase,reason,epoch,top1,gpuHours,row,seed');
    expect(lines[4]).toBe('table-3,Succeeded,,8,0.902,,baseline,1');
    expect(lines).toHaveLength(10);
  });
});

describe('the trials of a search', () => {
  const search = sweepOf(searchManifest(), [
    { point: [0.1], value: 0.9, epoch: 8 },
    { point: [0.5], phase: 'Paused', reason: 'NotPromoted', value: 0.8, epoch: 1 },
    { point: [0.2], phase: 'Active' },
  ]);

  it('are shown with those that run first, and with why one is paused', () => {
    const lines = drawTrials(search, 5);
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(/^search-2\s+Active\s+learningRate\.base=0\.2$/);
    expect(lines[3]).toMatch(/^search-1\s+Paused \(NotPromoted\)\s+1\s+80\.00\s+learningRate\.base=0\.5$/);
  });

  it('are told of when they change', () => {
    expect(changesOfTrials(search, search)).toEqual([]);
    expect(changesOfTrials(undefined, search)[0]).toBe(
      'search-0  Succeeded  epoch 8  top1 90.00  learningRate.base=0.1',
    );
  });

  it('quote what would break a line of CSV', () => {
    const parameters = [{ path: 'recipe.distillation.teacher', values: ['/a,"b"'] }];
    const csv = sweepCsv(sweepOf(searchManifest({ parameters }), [{ point: [0] }]));
    expect(csv.split('\n')[1]).toBe('search-0,Succeeded,,,,,"/a,""b"""');
  });
});

describe('a sweep on this machine', () => {
  it('runs as many trials side by side as there is room for, unless it says how many', () => {
    expect(localSweep(sweepOf(searchManifest()), 4, '/work').spec.parallelism).toBe(4);
    expect(localSweep(sweepOf(searchManifest({ parallelism: 2 })), 4, '/work').spec.parallelism).toBe(2);
  });

  it('has absolute paths, also in its rows and values', () => {
    const parameters = [{ path: 'recipe.distillation.teacher', values: ['./a', 's3://models/b'] }];
    const { spec } = localSweep(sweepOf(searchManifest({ parameters })), 1, '/work');
    expect(spec.parameters?.[0]?.values).toEqual(['/work/a', 's3://models/b']);
  });
});
