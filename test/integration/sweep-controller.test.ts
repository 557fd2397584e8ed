import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ablationManifest, searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { ClusterError } from '../../operator/cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../../operator/cluster/cluster.ts';
import { openEmbeddedCluster } from '../../operator/cluster/embedded/embedded-cluster.ts';
import { until } from './small-world.ts';
import { openSweepWorld, type SweepWorld } from './sweep-world.ts';

const namespace = 'default';

async function openWorld(): Promise<SweepWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-sweep-'));
  const cluster = await openEmbeddedCluster({ folder, clock: systemClock, log: createLogger('silent') });
  onTestFinished(() => {
    cluster.close();
    rmSync(folder, { recursive: true });
  });
  return openSweepWorld(cluster);
}

async function patch(world: SweepWorld, name: string, spec: object): Promise<void> {
  await world.cluster.patch<TrainingSweep>(resourceTypes.trainingSweeps, { namespace, name }, { spec });
}

/** Trains until the sweep has finished. */
async function finish(world: SweepWorld, name: string): Promise<TrainingSweep> {
  return await world.reaches(name, async ({ status }) => {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return true;
    await world.trainEpoch();
    return false;
  });
}

/** A cluster whose writes fail, without having happened, after so many; `died` resolves with the first that does. */
function dyingAfter(cluster: Cluster, writes: number): Cluster & { readonly died: Promise<void> } {
  const death = Promise.withResolvers<undefined>();
  let left = writes;
  const write = <R>(call: () => Promise<R>): Promise<R> => {
    left -= 1;
    if (left >= 0) return call();
    death.resolve(undefined);
    return Promise.reject(new ClusterError('Unavailable', 'the operator is dead'));
  };
  return {
    died: death.promise,
    get: (type, key) => cluster.get(type, key),
    list: (type, selection) => cluster.list(type, selection),
    watch: (type, selection, signal) => cluster.watch(type, selection, signal),
    create: (type, object) => write(() => cluster.create(type, object)),
    patch: (type, key, change, preconditions) => write(() => cluster.patch(type, key, change, preconditions)),
    patchStatus: (type, key, change, preconditions) =>
      write(() => cluster.patchStatus(type, key, change, preconditions)),
    delete: (type, key, options) => write(() => cluster.delete(type, key, options)),
  };
}

describe('a sweep on the embedded cluster', () => {
  it('trains the cells of its table as runs that it owns', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit(ablationManifest({ parallelism: 4 }));
    const sweep = await finish(world, 'table');
    expect(sweep.status).toMatchObject({ phase: 'Succeeded', counts: { succeeded: 9, total: 9 } });
    const runs = await world.runs();
    expect(runs.map(({ metadata }) => metadata.name).sort()).toEqual(
      Array.from({ length: 9 }, (_, index) => `table-${index}`),
    );
    expect(runs.every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === sweep.metadata.uid)).toBe(
      true,
    );
    const events = await world.cluster.list(resourceTypes.events, { namespace });
    expect(events.map(({ reason }) => reason)).toContain('AllTrialsDone');
  });

  it('is suspended with its trials, and goes on', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit(searchManifest({ parallelism: 3 }));
    await world.reaches('search', ({ status }) => status?.active === 3);
    await patch(world, 'search', { suspend: true });
    await world.reaches('search', async ({ status }) => {
      await world.trainEpoch();
      return status?.phase === 'Suspended';
    });
    expect((await world.runs()).map(({ spec }) => spec.suspend)).toEqual([true, true, true]);
    await patch(world, 'search', { suspend: false });
    expect((await finish(world, 'search')).status?.counts?.succeeded).toBe(8);
  });

  it('continues when it is extended after it finished', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit(searchManifest({ parallelism: 4, maxTrials: 3 }));
    await finish(world, 'search');
    await patch(world, 'search', { maxTrials: 5 });
    await world.reaches('search', ({ status }) => status?.phase === 'Running');
    expect((await finish(world, 'search')).status?.counts?.succeeded).toBe(5);
    expect((await world.runs()).length).toBe(5);
  });

  it('takes its trials along when its time to live has passed', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit(searchManifest({ parallelism: 4, maxTrials: 2, ttlAfterFinished: '1s' }));
    await world.reaches('search', ({ status }) => status?.active === 2);
    await until(
      async () => {
        await world.trainEpoch();
        return (await world.sweep('search')) === undefined && (await world.runs()).length === 0;
      },
      () => 'the sweep or one of its trials is still there',
    );
  });

  it('is left alone when somebody else manages it', async () => {
    const world = await openWorld();
    world.startController();
    await world.submit(searchManifest({ managedBy: 'example.com/other' }, 'foreign'));
    await world.submit(searchManifest({ maxTrials: 1 }, 'own'));
    await finish(world, 'own');
    expect((await world.sweep('foreign'))?.status).toBeUndefined();
  });
});

describe('an operator that is killed after any write', () => {
  it('is followed by one that neither repeats nor skips a trial', async () => {
    const world = await openWorld();
    await world.submit(searchManifest({ maxTrials: 50, parallelism: 9, search: { algorithm: 'tpe' } }));
    const uids = new Map<string, string>();
    for (let life = 0; life < 28; life += 1) {
      const cluster = dyingAfter(world.cluster, life % 7);
      const { stop } = world.startController(cluster);
      // While the trials train there is always something to write, so that every life ends.
      const isDead = cluster.died.then(() => true);
      await until(
        async () => {
          await world.trainEpoch();
          return await Promise.race([isDead, systemClock.sleep(5).then(() => false)]);
        },
        () => `the operator of life ${life} is alive`,
      );
      await stop();
      for (const { metadata } of await world.runs()) {
        // A trial that was made again would have another UID.
        expect(uids.get(metadata.name) ?? metadata.uid).toBe(metadata.uid);
        uids.set(metadata.name, metadata.uid ?? '');
      }
    }
    world.startController();
    const { status } = await finish(world, 'search');
    expect(status?.counts).toMatchObject({ succeeded: 50, total: 50 });
    expect(uids.size).toBeLessThanOrEqual(50);
    expect((await world.runs()).length).toBe(50);
  });
});
