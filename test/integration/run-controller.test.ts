import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { Pod } from '../../operator/api/wire.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { aProgressDocument } from '../../operator/plan/testing/fixtures.ts';
import { openWorld, quiet, until, type ControllerWorld } from './run-controller-world.ts';

const minuteMs = 60_000;

async function openRunning(
  name: string,
  spec: Parameters<ControllerWorld['submit']>[1] = {},
): Promise<ControllerWorld> {
  const world = await openWorld();
  world.startController();
  await world.submit(name, spec);
  await world.reaches(name, 'Starting', [`${name}-1-0`, `${name}-1-1`]);
  await world.startPods(name);
  await world.reaches(name, 'Running');
  return world;
}

describe('the life of a run', () => {
  it('goes from its manifest to its result', async () => {
    const world = await openRunning('digits');
    expect((await world.service('digits'))?.spec.clusterIP).toBe('None');
    const result = { top1: 0.9, top5: 0.99, epochs: 6, trainSeconds: 60, uri: '/checkpoints/step-1' };
    await world.endPod('digits-1-0', { lastWords: { reason: 'Completed', result } });
    await world.endPod('digits-1-1');
    expect(await world.reaches('digits', 'Succeeded')).toMatchObject({ result, restarts: { total: 0 } });
    expect(await world.podNames('digits')).toEqual(['digits-1-0', 'digits-1-1']);
    // All of it stands in the conditions; events are for what is not as everybody expects.
    expect(await world.events('digits')).toEqual([]);
  });

  it('restarts the whole gang after a failure, once the old one is gone and the backoff is over', async () => {
    const world = await openRunning('digits');
    await world.endPod('digits-1-1', { lastWords: { reason: 'RankKilled', rank: 3, exitCode: 137 } });
    expect(await world.reaches('digits', 'Restarting')).toMatchObject({
      lastFailure: { pod: 'digits-1-1', rank: 3, reason: 'RankKilled', exitCode: 137 },
    });
    await until('digits-1-0', async () => (await world.dying('digits')).join(' '));
    await world.clock.advance(minuteMs);
    expect((await world.status('digits')).phase).toBe('Restarting');
    await world.removeDying('digits');
    await world.reaches('digits', 'Starting', ['digits-1-1', 'digits-2-0', 'digits-2-1']);
    await world.startPods('digits');
    expect(await world.reaches('digits', 'Running')).toMatchObject({
      attempt: 2,
      restarts: { total: 1, charged: 1 },
    });
  });

  it('fails when the budget of restarts is used up', async () => {
    const world = await openRunning('digits', { failurePolicy: { maxRestarts: 1 } });
    for (const attempt of [1, 2]) {
      await world.endPod(`digits-${attempt}-0`, { exitCode: 70 });
      await world.reaches('digits', attempt === 1 ? 'Restarting' : 'Failed');
      await until(`digits-${attempt}-1`, async () => (await world.dying('digits')).join(' '));
      await world.removeDying('digits');
      if (attempt === 2) break;
      await world.clock.advance(11_000);
      await world.reaches('digits', 'Starting', ['digits-1-0', 'digits-2-0', 'digits-2-1']);
      await world.startPods('digits');
      await world.reaches('digits', 'Running');
    }
    const { conditions, restarts } = await world.status('digits');
    expect(conditions?.find(({ type }) => type === 'Failed')).toMatchObject({ reason: 'MaxRestartsReached' });
    expect(restarts).toMatchObject({ total: 1, charged: 1 });
  });

  it('is suspended and resumed', async () => {
    const world = await openRunning('digits');
    await world.patchSpec('digits', { suspend: true });
    await world.reaches('digits', 'Suspending');
    await until('digits-1-0 digits-1-1', async () => (await world.dying('digits')).join(' '));
    await world.patchSpec('digits', { suspend: false });
    await quiet();
    expect((await world.status('digits')).phase).toBe('Suspending');
    await world.removeDying('digits');
    expect(await world.reaches('digits', 'Starting', ['digits-2-0', 'digits-2-1'])).toMatchObject({
      attempt: 2,
    });
    expect((await world.events('digits')).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Suspending', 'Suspended', 'Resumed']),
    );
  });

  it('fails at its deadline, without anybody looking', async () => {
    const world = await openRunning('digits', { activeDeadline: '1h', failurePolicy: { hangTimeout: '2h' } });
    await world.clock.advance(59 * minuteMs);
    expect((await world.status('digits')).phase).toBe('Running');
    await world.clock.advance(minuteMs);
    const { conditions } = await world.reaches('digits', 'Failed');
    expect(conditions?.find(({ type }) => type === 'Failed')?.reason).toBe('DeadlineExceeded');
    await until('digits-1-0 digits-1-1', async () => (await world.dying('digits')).join(' '));
  });

  it('is deleted with everything it owns when its time to live is over', async () => {
    const world = await openRunning('digits', { ttlAfterFinished: '1h', cleanPodPolicy: 'None' });
    for (const pod of ['digits-1-0', 'digits-1-1']) await world.endPod(pod);
    await world.reaches('digits', 'Succeeded');
    await world.clock.advance(59 * minuteMs);
    expect(await world.run('digits')).toBeDefined();
    expect(await world.service('digits')).toBeDefined();
    await world.clock.advance(minuteMs);
    await until('undefined undefined 0', async () =>
      [await world.run('digits'), await world.service('digits'), (await world.pods('digits')).length]
        .map(String)
        .join(' '),
    );
  });

  it('leaves no pod when it asks for that', async () => {
    const world = await openRunning('digits', { cleanPodPolicy: 'All' });
    for (const pod of ['digits-1-0', 'digits-1-1']) await world.endPod(pod);
    await world.reaches('digits', 'Succeeded', []);
  });

  it('goes on after a pod was deleted by hand, at no charge', async () => {
    const world = await openRunning('digits');
    await world.deletePod('digits-1-0');
    expect(await world.reaches('digits', 'Restarting')).toMatchObject({
      restarts: { total: 1, charged: 0 },
      lastFailure: { reason: 'PodDeleted', pod: 'digits-1-0' },
    });
    await until('digits-1-0 digits-1-1', async () => (await world.dying('digits')).join(' '));
    await world.removeDying('digits');
    await world.clock.advance(11_000);
    await world.reaches('digits', 'Starting', ['digits-2-0', 'digits-2-1']);
  });

  it('begins anew under the same name after it was deleted, with nothing of the old one', async () => {
    const world = await openRunning('digits');
    const old = (await world.run('digits'))?.metadata.uid;
    await world.cluster.delete<TrainingRun>(resourceTypes.trainingRuns, {
      namespace: 'vision',
      name: 'digits',
    });
    await world.submit('digits');
    // The name of the first pod is still taken by the old one, which is on its way out.
    await until('digits-1-0 digits-1-1', async () => (await world.dying('digits')).join(' '));
    await world.removeDying('digits');
    await world.clock.advance(minuteMs);
    await until('2', async () => {
      const pods = await world.pods('digits');
      return String(pods.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid !== old).length);
    });
    expect(await world.status('digits')).toMatchObject({ phase: 'Starting', attempt: 1 });
  });
});

describe('the controller', () => {
  it('touches nothing of a run that another controller manages, not even its status', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit('theirs', { managedBy: 'kueue.x-k8s.io/multikueue' });
    await world.submit('ours');
    await world.reaches('ours', 'Starting', ['ours-1-0', 'ours-1-1']);
    expect((await world.run('theirs'))?.status).toBeUndefined();
    expect(await world.pods('theirs')).toEqual([]);
  });

  it('makes the Service while it writes the status, and no pod before both are there', async () => {
    const world = await openWorld();
    const made: string[] = [];
    let serviceIsThere: () => void = () => undefined;
    const service = new Promise<void>((resolve) => {
      serviceIsThere = resolve;
    });
    const { cluster } = world;
    world.startController({
      get: (type, key) => cluster.get(type, key),
      list: (type, selection) => cluster.list(type, selection),
      watch: (type, selection, signal) => cluster.watch(type, selection, signal),
      patch: (type, key, patch, preconditions) => cluster.patch(type, key, patch, preconditions),
      delete: (type, key, options) => cluster.delete(type, key, options),
      create: async (type, object) => {
        const created = await cluster.create(type, object);
        made.push(type.kind);
        if (type.kind === 'Service') serviceIsThere();
        return created;
      },
      patchStatus: async (type, key, patch, preconditions) => {
        // It would wait for ever if the Service were made after it.
        await service;
        const patched = await cluster.patchStatus(type, key, patch, preconditions);
        made.push('status');
        return patched;
      },
    });
    await world.submit('digits');
    await world.reaches('digits', 'Starting', ['digits-1-0', 'digits-1-1']);
    expect(made.slice(0, 4)).toEqual(['Service', 'status', 'Pod', 'Pod']);
  });

  it('that is started again in the middle goes on without a second pod', async () => {
    const world = await openRunning('digits');
    const before = (await world.pods('digits')).map(({ metadata }) => metadata.uid);
    await world.stopController();
    await world.endPod('digits-1-0');
    world.startController();
    await quiet();
    expect((await world.pods('digits')).map(({ metadata }) => metadata.uid)).toEqual(before);
    await world.endPod('digits-1-1');
    expect(await world.reaches('digits', 'Succeeded')).toMatchObject({ attempt: 1, restarts: { total: 0 } });
  });

  it('is not held up by a run whose pods cannot be made, and says why', async () => {
    const world = await openWorld();
    const squatter: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bad-1-0', namespace: 'vision' },
      spec: { containers: [{ name: 'sleep', image: 'sleep' }] },
    };
    await world.cluster.create<Pod>(resourceTypes.pods, squatter);
    world.startController();
    await world.submit('bad');
    await world.submit('good');
    await world.reaches('good', 'Starting', ['good-1-0', 'good-1-1']);
    await until('CreationFailed', async () =>
      (await world.events('bad'))
        .map(({ reason }) => reason)
        .sort()
        .join(' '),
    );
    expect((await world.events('bad')).find(({ reason }) => reason === 'CreationFailed')?.note).toBe(
      'Pod bad-1-0 cannot be created: it exists already and belongs to somebody else',
    );
    await world.deletePod('bad-1-0');
    await world.clock.advance(minuteMs);
    await world.reaches('bad', 'Starting', ['bad-1-0', 'bad-1-1']);
  });

  it('writes nothing once there is nothing to do', async () => {
    const world = await openRunning('digits');
    await quiet();
    const version = (await world.run('digits'))?.metadata.resourceVersion;
    await world.clock.advance(5 * minuteMs);
    expect((await world.run('digits'))?.metadata.resourceVersion).toBe(version);
  });

  it('tells progress within a second at first, and then at most every five', async () => {
    const world = await openWorld();
    let step = 0;
    world.fetchProgress = async () => {
      step += 1;
      const uid = (await world.run('digits'))?.metadata.uid ?? '';
      return aProgressDocument(step, { runUid: uid });
    };
    world.startController();
    await world.submit('digits');
    await world.reaches('digits', 'Starting', ['digits-1-0', 'digits-1-1']);
    await world.startPods('digits');
    await world.reaches('digits', 'Running');
    const versions = new Set<string | undefined>();
    for (let second = 0; second < 60; second += 1) {
      await world.clock.advance(1000);
      await quiet();
      versions.add((await world.run('digits'))?.metadata.resourceVersion);
    }
    expect((await world.status('digits')).progress?.step).toBeGreaterThan(50);
    expect(versions.size).toBeGreaterThanOrEqual(12);
    expect(versions.size).toBeLessThanOrEqual(14);
  });

  it('restarts a gang whose trainer makes no step any more', async () => {
    const world = await openRunning('digits', { failurePolicy: { hangTimeout: '10m' } });
    await world.clock.advance(20 * minuteMs);
    // Nobody could ask the trainer so far, which is not its fault.
    expect((await world.status('digits')).phase).toBe('Running');
    const runUid = (await world.run('digits'))?.metadata.uid ?? '';
    world.fetchProgress = () => Promise.resolve(aProgressDocument(7, { runUid }));
    await world.clock.advance(9 * minuteMs);
    expect((await world.status('digits')).phase).toBe('Running');
    await world.clock.advance(2 * minuteMs);
    expect(await world.reaches('digits', 'Restarting')).toMatchObject({ lastFailure: { reason: 'Hung' } });
  });
});
