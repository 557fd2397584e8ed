import { describe, expect, it, onTestFinished } from 'vitest';
import { runTemplate } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import { until } from '../control-plane/until.ts';
import { serveExternalMetrics } from '../operator/external-metrics.ts';
import { createNode } from '../operator/nodes.ts';
import { lastingPrefix, silentTrial } from '../operator/kwok.ts';
import { setQuota } from '../operator/quotas.ts';
import { sample, useSweepOperatorWorld } from './sweep-operator-world.ts';

const world = useSweepOperatorWorld({
  nodeNames: ['node-1'],
  controlPlane: {
    // 15 s and 5 min by default.
    controllerManagerFlags: [
      '--horizontal-pod-autoscaler-sync-period=1s',
      '--horizontal-pod-autoscaler-downscale-stabilization=1s',
    ],
  },
});

describe('an operator that is killed in the midst of a sweep of 50 trials', () => {
  it('is followed by one that loses, repeats and doubles none of them, and goes on when there are to be more', async () => {
    const before = new Set(world().invariants.creations().keys());
    await world().submit('search', { maxTrials: 50, parallelism: 8 });
    const done = (count: number) =>
      world().reaches('search', `${count} trials are done`, ({ counts }) => (counts?.done ?? 0) >= count);
    for (const count of [1, 12, 25, 38]) {
      await done(count);
      await world().restartOperator();
    }
    const { counts } = await world().reaches(
      'search',
      'it has succeeded',
      ({ phase }) => phase === 'Succeeded',
    );
    expect(counts).toMatchObject({ succeeded: 50, failed: 0, total: 50 });

    await world().patchSpec('search', { maxTrials: 52 });
    const extended = await done(52);
    expect(extended.trials?.every(({ phase }) => phase === 'Succeeded')).toBe(true);
    const trials = await world().trials('search');
    expect(trials.map(({ metadata }) => metadata.name).sort()).toEqual(
      Array.from({ length: 52 }, (_, index) => `search-${index}`).sort(),
    );
    // One attempt of one pod each, which was made once.
    expect(trials.every(({ status }) => status?.attempt === 1)).toBe(true);
    const creations = [...world().invariants.creations()].filter(([key]) => !before.has(key));
    expect(creations.map(([, times]) => times)).toEqual(Array.from({ length: 52 }, () => 1));
  });
});

describe('a sweep whose trials fail', () => {
  it('ends with the first that is one too many, suspends the others and makes no more', async () => {
    await world().submit('failing', { maxTrials: 20, parallelism: 4, maxFailedTrials: 2 });
    const { counts, conditions, trials } = await world().reaches(
      'failing',
      'it has failed',
      ({ phase }) => phase === 'Failed',
    );
    expect(counts?.failed).toBeGreaterThanOrEqual(3);
    expect(trials?.length).toBeLessThanOrEqual(7);
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'Failed', status: 'True', reason: 'TooManyFailedTrials' }),
    );
    expect((await world().trials('failing')).length).toBe(trials?.length);
  });
});

describe('a sweep that scales itself', () => {
  it('grows to what the nodes take, says NoCapacity, gives back what waits, and grows with the cluster', async () => {
    const name = `${lastingPrefix}-search`;
    await world().submit(name, {
      maxTrials: 20,
      runTemplate: { ...runTemplate, trainers: { gpusPerPod: 4 } },
      autoscaling: { max: 4, startWithin: '1s', giveBackAfter: '3s', retryAfter: '1s' },
    });
    // Eight GPUs: two trials run, and of the four that it tried two wait.
    await world().reaches(name, 'it tries four', ({ target }) => target === 4);
    await world().reaches(name, 'it is full', ({ limitedBy }) => limitedBy === 'NoCapacity');
    const full = await world().reaches(
      name,
      'it gives back',
      ({ target, active }) => target === 2 && active === 2,
    );
    expect(full.counts?.paused).toBe(2);
    expect(full.trials?.filter(({ reason }) => reason === 'Shrunk').length).toBe(2);
    await createNode(world().controlPlane, 'node-2');
    const grown = await world().reaches(
      name,
      'it uses the new node',
      ({ target, active }) => target === 4 && active === 4,
    );
    // The trials that it gave back, and not others.
    expect(grown.trials?.length).toBe(4);
  });
});

describe('a sweep in a namespace with a quota', () => {
  it('grows to what the quota takes, says Quota, gives back what waits, and grows with the quota', async () => {
    world().expectedWarnings.push(/exceeded quota/);
    await setQuota(world().controlPlane, world().namespace, { 'requests.nvidia.com/gpu': '2' });
    const name = `${lastingPrefix}-search`;
    await world().submit(name, {
      maxTrials: 20,
      autoscaling: { max: 4, startWithin: '1s', giveBackAfter: '3s', retryAfter: '1s' },
    });
    // The nodes have more GPUs than the quota lets it use: of the four trials that it tries two get no pods.
    await world().reaches(name, 'it is full', ({ limitedBy }) => limitedBy === 'Quota');
    const waiting = (await world().trials(name)).flatMap(({ status }) =>
      (status?.conditions ?? []).filter(({ reason }) => reason === 'QuotaExceeded'),
    );
    expect(waiting[0]?.message).toMatch(/cannot be created: .*exceeded quota: small, requested: /);
    await world().reaches(name, 'it gives back', ({ target, active }) => target === 2 && active === 2);
    await setQuota(world().controlPlane, world().namespace, { 'requests.nvidia.com/gpu': '4' });
    const grown = await world().reaches(name, 'it uses the quota', ({ active, limitedBy }) => {
      return active === 4 && limitedBy === 'MaxParallelism';
    });
    expect(grown.trials?.length).toBe(4);
  });
});

describe('a trial that ends without a metric', () => {
  it('has failed, and the sweep goes on without it', async () => {
    await world().submit(silentTrial.sweep, { maxTrials: 4, parallelism: 2 });
    const { counts, trials } = await world().reaches(
      silentTrial.sweep,
      'it has ended',
      ({ phase }) => phase === 'Succeeded',
    );
    expect(counts).toMatchObject({ succeeded: 3, failed: 1 });
    expect(trials?.[silentTrial.index]).toMatchObject({ phase: 'Failed', reason: 'NoMetric' });
  });
});

describe('a HorizontalPodAutoscaler', () => {
  it('widens a sweep and narrows it, with the trials that wait suspended and none lost', async () => {
    const metrics = await serveExternalMetrics(world().controlPlane);
    onTestFinished(() => metrics.close());
    metrics.set('team_gpus_for_sweeps', 32);
    const name = `${lastingPrefix}-search`;
    const manifest = (await sample('scaling/hpa.yaml')).replaceAll('imagenet-search', name);
    await world().kubectl(['apply', '-f', '-'], manifest);
    const wide = await world().reaches(name, 'four trials are active', ({ active }) => active === 4);
    expect(wide.target).toBe(4);
    expect((await world().sweep(name))?.spec.parallelism).toBe(4);

    metrics.set('team_gpus_for_sweeps', 8);
    const narrow = await world().reaches(name, 'one trial is active', ({ active }) => active === 1);
    // The node has room for one trial; that one goes on.
    expect(narrow.trials?.map(({ phase, reason }) => [phase, reason])).toEqual([
      ['Active', undefined],
      ...Array.from({ length: 3 }, () => ['Paused', 'Shrunk']),
    ]);
    await until('the pods of the others are gone', async () =>
      (await world().scaledPods(name)).join() === `pod/${name}-0-1-0` ? true : undefined,
    );

    metrics.set('team_gpus_for_sweeps', 16);
    const again = await world().reaches(name, 'two trials are active', ({ active }) => active === 2);
    expect(again.trials?.length).toBe(4);

    // As the documentation says of 0; a widening that is asked for meanwhile does not come either.
    await world().patchSpec(name, { parallelism: 0 });
    metrics.set('team_gpus_for_sweeps', 32);
    await until('the autoscaler leaves it alone', async () => {
      const why = '--output=jsonpath={.status.conditions[?(@.type=="ScalingActive")].reason}';
      return (await world().kubectl(['get', 'hpa', name, why])) === 'ScalingDisabled' ? true : undefined;
    });
    await world().reaches(name, 'no trial is active', ({ active }) => active === 0);
  });
});
