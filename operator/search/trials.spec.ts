import { describe, expect, it } from 'vitest';
import { ablationManifest, searchManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import { validateTrainingSweep } from '../api/v1alpha1/training-sweep-validate.ts';
import { pointOf, trialCount, trialRun } from './trials.ts';

function sweepOf(manifest: object) {
  const validation = validateTrainingSweep(JSON.parse(JSON.stringify(manifest)));
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return validation.sweep;
}

describe('the trials of a sweep', () => {
  it('are as many as the table has cells, the grid has points, or as are asked for', () => {
    expect(trialCount(sweepOf(ablationManifest()).spec)).toBe(9);
    expect(trialCount(sweepOf(ablationManifest({ maxTrials: 4 })).spec)).toBe(4);
    expect(trialCount(sweepOf(searchManifest()).spec)).toBe(8);
    const grid = {
      parameters: [{ path: 'model.variant', values: ['B', 'D'] }],
      search: { algorithm: 'grid' },
    };
    expect(trialCount(sweepOf(searchManifest({ ...grid, maxTrials: undefined })).spec)).toBe(2);
  });

  it('are the template with the values of their point', () => {
    const sweep = sweepOf(searchManifest());
    const point = pointOf(sweep.spec, 3, []);
    const trial = trialRun(sweep, { index: 3, ...(point && { point: [...point] }) });
    expect(trial).toMatchObject({
      run: {
        metadata: {
          name: 'search-3',
          labels: { 'ringmaster.dev/sweep': 'search', 'ringmaster.dev/trial': '3' },
        },
        spec: { model: { depth: 8 }, recipe: { preset: 'baseline', learningRate: { base: point?.[0] } } },
      },
    });
  });

  it('are the template with the settings of their row and their seed', () => {
    const trial = trialRun(sweepOf(ablationManifest()), { index: 5 });
    expect(trial).toMatchObject({
      run: {
        spec: { recipe: { learningRate: { schedule: 'cosine' }, labelSmoothing: 0.1, seed: 1, epochs: 8 } },
      },
    });
  });

  it('say what is wrong when values do not go together', () => {
    const sweep = sweepOf(
      searchManifest({ parameters: [{ path: 'recipe.learningRate.warmupEpochs', values: [1, 9] }] }),
    );
    expect(trialRun(sweep, { index: 0, point: [0] }).ok).toBe(true);
    expect(trialRun(sweep, { index: 0, point: [1] })).toMatchObject({
      ok: false,
      problems: [{ message: 'recipe.learningRate.warmupEpochs must be less than recipe.epochs' }],
    });
  });
});
