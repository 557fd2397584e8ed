import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ablationManifest, searchManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import { TrainingSweepStatus } from '../api/v1alpha1/training-sweep-status.ts';
import { byRate, SweepModel } from './testing/sweep-model.ts';

describe('a sweep', () => {
  it('trains every trial to its end, so many at a time, and tells the best', () => {
    const model = new SweepModel(searchManifest({ parallelism: 3 }), byRate);
    model.act();
    expect(model.status).toMatchObject({ phase: 'Running', active: 3, limitedBy: 'MaxParallelism' });
    model.finish();
    expect(model.status).toMatchObject({
      phase: 'Succeeded',
      active: 0,
      limitedBy: 'Done',
      counts: { succeeded: 8, done: 8, total: 8 },
      // Eight trials of eight minutes on one GPU each.
      gpuHours: expect.closeTo((8 * 8) / 60, 2) as number,
    });
    const best = Math.max(...model.rows.map(({ value }) => value ?? 0));
    expect(model.status.best?.value).toBe(best);
    expect(model.created).toEqual(model.rows.map(({ index }) => `search-${index}`));
  });

  it('asks for nothing once its plan is carried out', () => {
    const model = new SweepModel(searchManifest({ parallelism: 3 }), byRate);
    model.act();
    const { status } = model;
    expect(model.act().actions).toEqual([]);
    expect(model.status).toEqual(status);
  });

  it('trains every cell of a table once', () => {
    const model = new SweepModel(ablationManifest({ parallelism: 4 }));
    model.finish();
    const cells = model.runs.map(
      ({ spec: { recipe } }) =>
        `${recipe.learningRate?.schedule ?? ''} ${recipe.labelSmoothing ?? 0} ${recipe.seed ?? ''}`,
    );
    expect(new Set(cells).size).toBe(9);
    expect(model.status.best).toMatchObject({ row: 'baseline' });
  });

  it('touches nothing of a sweep that belongs to another controller', () => {
    const model = new SweepModel(searchManifest({ managedBy: 'example.com/other' }));
    expect(model.act()).toEqual({ status: {}, actions: [], announcements: [] });
  });

  it('is deleted when its time to live has passed, and not before', () => {
    const model = new SweepModel(searchManifest({ ttlAfterFinished: '1h' }));
    model.finish();
    expect(model.act()).toMatchObject({ actions: [], requeueAfterMs: 3_600_000 });
    model.nowMs += 3_600_000;
    expect(model.act().actions).toEqual([{ type: 'deleteSweep', uid: 'sweep-uid' }]);
  });
});

describe('an operator that dies at any point of a sweep of 50 trials', () => {
  /** Trains it, narrows it for a while, and lets the operator die before one of its actions; the model, and whether it did. */
  const dyingBefore = (point: number): { model: SweepModel; hasDied: boolean } => {
    const { runTemplate } = searchManifest().spec;
    const recipe = { preset: 'baseline', epochs: 2, batchSize: 128 };
    const model = new SweepModel(
      searchManifest({ maxTrials: 50, parallelism: 7, runTemplate: { ...runTemplate, recipe } }),
      byRate,
    );
    let actions = 0;
    for (let round = 0; round < 100 && model.status.phase !== 'Succeeded'; round += 1) {
      if (round === 3) model.change({ parallelism: 3 });
      if (round === 6) model.change({ parallelism: 7 });
      model.act(() => actions++ !== point);
      model.trainEpoch();
    }
    return { model, hasDied: actions > point };
  };

  it('changes nothing at any of them', () => {
    const { model: undisturbed } = dyingBefore(Infinity);
    const trialsOf = ({ rows }: SweepModel) => rows.map(({ phase, point, value }) => [phase, point, value]);
    let point = 0;
    for (let hasDied = true; hasDied; point += 1) {
      const life = dyingBefore(point);
      expect(trialsOf(life.model)).toEqual(trialsOf(undisturbed));
      expect([...life.model.created].sort()).toEqual([...undisturbed.created].sort());
      hasDied = life.hasDied;
    }
    // 50 runs are made, and some are suspended and resumed.
    expect(point).toBeGreaterThan(54);
  });

  it('neither repeats, skips nor changes a trial when it dies again and again', () => {
    const manifest = searchManifest({ maxTrials: 50, parallelism: 7, search: { algorithm: 'tpe' } });
    const undisturbed = new SweepModel(searchManifest({ maxTrials: 50, parallelism: 7 }), byRate);
    undisturbed.finish();
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9)), fc.boolean(), (deaths, isTpe) => {
        const model = new SweepModel(
          isTpe ? manifest : searchManifest({ maxTrials: 50, parallelism: 7 }),
          byRate,
        );
        for (let round = 0; round < 500 && model.status.phase !== 'Succeeded'; round += 1) {
          const [diesAt = 9] = deaths.take(1);
          const points = model.rows.map(({ point }) => point);
          model.act((action) => action < diesAt);
          expect(model.rows.slice(0, points.length).map(({ point }) => point)).toEqual(points);
          expect(
            model.runs.filter(({ spec, status }) => !spec.suspend && status?.phase !== 'Succeeded').length,
          ).toBeLessThanOrEqual(7);
          model.trainEpoch();
        }
        expect([...model.created].sort()).toEqual([...undisturbed.created].sort());
        expect(model.status.counts).toMatchObject({ succeeded: 50, total: 50 });
        if (!isTpe)
          expect(model.rows.map(({ point, value }) => [point, value])).toEqual(
            undisturbed.rows.map(({ point, value }) => [point, value]),
          );
      }),
      { numRuns: 15 },
    );
  });
});

describe('the faults that sweeps of others have', () => {
  it('lowered parallelism suspends the least promising trials, which go on later', () => {
    const model = new SweepModel(searchManifest({ parallelism: 4 }), byRate);
    model.act();
    model.trainEpoch();
    model.change({ parallelism: 1 });
    model.act();
    const active = model.rows.filter(({ phase }) => phase === 'Active');
    expect(active.map(({ value }) => value)).toEqual([
      Math.max(...model.rows.map(({ value }) => value ?? 0)),
    ]);
    expect(model.rows.filter(({ reason }) => reason === 'Shrunk').length).toBe(3);
    model.change({ parallelism: 0 });
    model.act();
    expect(model.status.active).toBe(0);
    model.change({ parallelism: 4 });
    model.finish();
    expect(model.status.counts?.succeeded).toBe(8);
    expect(model.created.length).toBe(8);
  });

  it('a trial that ends without a metric has failed, and the sweep goes on', () => {
    const model = new SweepModel(searchManifest(), (run, epoch) =>
      run.metadata.name === 'search-2' ? undefined : byRate(run, epoch),
    );
    model.finish();
    expect(model.rows[2]).toMatchObject({ phase: 'Failed', reason: 'NoMetric' });
    expect(model.status).toMatchObject({ phase: 'Succeeded', counts: { succeeded: 7, failed: 1 } });
  });

  it('more failing trials than allowed end the sweep, and suspend the others', () => {
    const model = new SweepModel(searchManifest({ parallelism: 4, maxFailedTrials: 1 }), byRate);
    model.act();
    model.failing.add('search-0').add('search-1');
    model.trainEpoch();
    model.act();
    expect(model.runs.slice(2).map(({ spec }) => spec.suspend)).toEqual([true, true]);
    model.finish();
    expect(model.status).toMatchObject({ phase: 'Failed', counts: { failed: 2, paused: 2 } });
    expect(model.created.length).toBe(4);
  });

  it('values that do not go together fail their trial, not the sweep', () => {
    const parameters = [{ path: 'recipe.learningRate.warmupEpochs', values: [1, 9] }];
    const search = { algorithm: 'grid' };
    const model = new SweepModel(searchManifest({ parameters, search, maxTrials: undefined }));
    model.finish();
    expect(model.rows.map(({ phase, reason }) => [phase, reason])).toEqual([
      ['Succeeded', undefined],
      ['Failed', 'InvalidTrial'],
    ]);
  });

  it('a finished sweep that is extended continues where it was', () => {
    const model = new SweepModel(searchManifest({ parallelism: 3 }), byRate);
    model.finish();
    const { rows } = model;
    model.change({ maxTrials: 12 });
    model.act();
    expect(model.status).toMatchObject({ phase: 'Running', active: 3 });
    expect(model.status.completionTime).toBeUndefined();
    model.finish();
    expect(model.rows.slice(0, 8)).toEqual(rows);
    expect(model.created.length).toBe(12);
  });

  it('trials that were deleted after they finished are neither missed nor made again', () => {
    const model = new SweepModel(searchManifest({ parallelism: 2 }), byRate);
    for (let round = 0; round < 9; round += 1) {
      model.act();
      model.trainEpoch();
    }
    model.act();
    for (const { index, phase } of model.rows) if (phase === 'Succeeded') model.remove(index);
    model.finish();
    expect(model.status.counts?.succeeded).toBe(8);
    expect(new Set(model.created).size).toBe(model.created.length);
  });

  it('a thousand trials of a dozen parameters have a status below 512 KiB', () => {
    const wide = ['momentum', 'weightDecay'].map((name) => ({
      path: `recipe.optimizer.${name}`,
      double: { min: 1e-7, max: 0.9, scale: 'log' },
    }));
    const model = new SweepModel(
      searchManifest({ parameters: wide, maxTrials: 1000, parallelism: 1000 }),
      byRate,
    );
    model.act();
    const rows = model.rows.map((row) => ({
      ...row,
      point: Array.from({ length: 12 }, () => -1.23457e-10),
      phase: 'Succeeded' as const,
      reason: 'a'.repeat(32),
      value: 0.123456,
      epoch: 12345.5,
      values: Array.from({ length: 10 }, () => 0.123456),
      gpuHours: 12345.6789,
    }));
    const status = TrainingSweepStatus.parse({ ...model.status, trials: rows });
    expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(512 * 1024);
  });
});

describe('suspending a sweep', () => {
  it('suspends its trials, waits for them, and goes on with the same', () => {
    const model = new SweepModel(searchManifest({ parallelism: 3 }), byRate);
    model.act();
    model.trainEpoch();
    model.change({ suspend: true });
    model.act();
    expect(model.status).toMatchObject({ phase: 'Suspending', active: 0 });
    model.trainEpoch();
    model.act();
    expect(model.status).toMatchObject({ phase: 'Suspended', counts: { paused: 3 } });
    model.change({ suspend: false });
    model.finish();
    expect(model.status.counts?.succeeded).toBe(8);
    expect(model.created.length).toBe(8);
  });
});

describe('a budget', () => {
  it('of GPU-hours suspends what runs when it is used up, and continues when it is widened', () => {
    const model = new SweepModel(searchManifest({ parallelism: 2, budget: { gpuHours: 0.2 } }), byRate);
    model.finish();
    expect(model.status).toMatchObject({ limitedBy: 'Budget', phase: 'Failed' });
    expect(model.status.gpuHours).toBeLessThan(0.2 + 2 / 60);
    expect(model.rows.every(({ phase, reason }) => phase === 'Succeeded' || reason === 'Budget')).toBe(true);
    model.change({ budget: {} });
    model.finish();
    expect(model.status).toMatchObject({ phase: 'Succeeded', counts: { succeeded: 8 } });
    expect(model.created.length).toBe(8);
  });

  it('of time is looked at again when it runs out', () => {
    const model = new SweepModel(searchManifest({ budget: { duration: '20m' } }), byRate);
    expect(model.act().requeueAfterMs).toBe(20 * 60_000);
    model.finish();
    expect(model.status).toMatchObject({ phase: 'Succeeded', limitedBy: 'Budget', counts: { succeeded: 2 } });
  });
});

describe('a goal', () => {
  it('ends the sweep when a finished trial reaches it', () => {
    const model = new SweepModel(searchManifest({ parallelism: 2, objective: { goal: 0.5 } }), byRate);
    model.finish();
    expect(model.status).toMatchObject({ phase: 'Succeeded', limitedBy: 'Done' });
    expect(model.status.counts?.succeeded).toBeLessThan(8);
  });
});

describe('early stopping', () => {
  const long = searchManifest({
    maxTrials: 64,
    parallelism: 8,
    runTemplate: {
      ...searchManifest().spec.runTemplate,
      recipe: { preset: 'baseline', epochs: 64, batchSize: 128 },
    },
  });
  const withStopping = (stopping: object) => ({ ...long, spec: { ...long.spec, stopping } });
  const epochsTrained = (model: SweepModel) => model.rows.reduce((sum, { epoch }) => sum + (epoch ?? 0), 0);

  it('by asha finds the best trial of a full search for less than half of the epochs', () => {
    const full = new SweepModel(long, byRate);
    full.finish();
    const asha = new SweepModel(withStopping({ algorithm: 'asha' }), byRate);
    asha.finish();
    expect(asha.status.best?.index).toBe(full.status.best?.index);
    expect(epochsTrained(asha)).toBeLessThan(epochsTrained(full) / 2);
    expect(asha.status.phase).toBe('Succeeded');
    for (const { phase, reason } of asha.rows)
      expect(phase === 'Succeeded' || (phase === 'Paused' && reason === 'NotPromoted')).toBe(true);
  });

  it('by the median stops the worse half early, and says so', () => {
    const model = new SweepModel(withStopping({ algorithm: 'median', minEpochs: 4 }), byRate);
    model.finish();
    const stopped = model.rows.filter(({ phase }) => phase === 'Stopped');
    expect(stopped.length).toBeGreaterThan(16);
    expect(stopped.every(({ reason }) => reason === 'BelowMedian')).toBe(true);
    expect(model.status.counts).toMatchObject({ done: 64 });
  });
});
