import { describe, expect, it } from 'vitest';
import type { TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { KubernetesObject } from '../../operator/api/wire.ts';
import { aborted } from '../../operator/base/abort.ts';
import { ClusterError } from '../../operator/cluster/cluster-error.ts';
import type { Cluster, ResourceType, WatchEvent } from '../../operator/cluster/cluster.ts';
import { openWorld, quiet, until, type ControllerWorld } from './run-controller-world.ts';

/** Every write that a controller asks for, and the moment at which it is killed. */
interface Fate {
  /** Number of the write, from 1, at which the controller dies. */
  readonly dieAtWrite: number;
  /** Whether that write reaches the cluster, with its answer lost. */
  readonly isWritten: boolean;
  readonly onDeath: () => void;
}

/** A cluster as a process sees it that dies at a given write: nothing it does afterwards has any effect. */
function doomed(cluster: Cluster, fate: Fate, created: string[]): Cluster {
  let writes = 0;
  let isDead = false;
  const write = async <R>(call: () => Promise<R>): Promise<R> => {
    if (isDead) throw new ClusterError('Unavailable', 'this process is dead');
    writes += 1;
    if (writes !== fate.dieAtWrite) return await call();
    isDead = true;
    fate.onDeath();
    if (fate.isWritten) await call();
    throw new ClusterError('Unavailable', 'this process is dead');
  };
  return {
    get: (type, key) => cluster.get(type, key),
    list: (type, selection) => cluster.list(type, selection),
    watch: (type, selection, signal) => cluster.watch(type, selection, signal),
    create: (type, object) =>
      write(async () => {
        const result = await cluster.create(type, object);
        if (type.plural === 'pods') created.push(object.metadata.name);
        return result;
      }),
    patch: (type, key, patch, preconditions) => write(() => cluster.patch(type, key, patch, preconditions)),
    patchStatus: (type, key, patch, preconditions) =>
      write(() => cluster.patchStatus(type, key, patch, preconditions)),
    delete: (type, key, options) => write(() => cluster.delete(type, key, options)),
  };
}

/** A run of which the first attempt fails and the second succeeds, with the pods doing what they do on any node. */
async function live(world: ControllerWorld, onTick: () => Promise<void>): Promise<TrainingRunStatus> {
  for (let tick = 0; tick < 400; tick += 1) {
    await onTick();
    await quiet();
    const status = await world.status('digits');
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return status;
    await world.startPods('digits');
    await world.removeDying('digits');
    await quiet();
    for (const { metadata, status: pod } of await world.pods('digits')) {
      if (pod?.phase !== 'Running' || (await world.status('digits')).phase !== 'Running') continue;
      if (metadata.name === 'digits-1-1') await world.endPod(metadata.name, { exitCode: 70 });
      if (metadata.name.startsWith('digits-2-')) await world.endPod(metadata.name);
    }
    await quiet();
    await world.clock.advance(2_000);
  }
  throw new Error(`the run does not end: ${JSON.stringify(await world.status('digits'))}`);
}

/** Lives through the run with a controller that is killed at one write and started again. */
async function liveWith(
  fate: Omit<Fate, 'onDeath'>,
): Promise<{ status: TrainingRunStatus; created: string[]; hasDied: boolean }> {
  const world = await openWorld();
  const created: string[] = [];
  let hasDied = false;
  let isBack = false;
  const onDeath = () => {
    hasDied = true;
  };
  world.startController(doomed(world.cluster, { ...fate, onDeath }, created));
  await world.submit('digits');
  const status = await live(world, async () => {
    if (!hasDied || isBack) return;
    await world.stopController();
    world.startController(
      doomed(world.cluster, { dieAtWrite: Infinity, isWritten: false, onDeath }, created),
    );
    isBack = true;
  });
  await quiet();
  return { status, created, hasDied };
}

describe('a controller that is killed at any of its writes', () => {
  it.each([false, true])(
    'leads to the same end, with no pod made twice (the write reached the cluster: %s)',
    async (isWritten) => {
      const reference = await liveWith({ dieAtWrite: Infinity, isWritten });
      expect(reference.created.sort()).toEqual(['digits-1-0', 'digits-1-1', 'digits-2-0', 'digits-2-1']);
      let deaths = 0;
      for (let dieAtWrite = 1; ; dieAtWrite += 1) {
        const { status, created, hasDied } = await liveWith({ dieAtWrite, isWritten });
        if (!hasDied) break;
        deaths += 1;
        expect(created.sort()).toEqual(reference.created);
        const { attempt, restarts, phase, lastFailure } = status;
        expect({ attempt, restarts, phase, failed: lastFailure?.pod }).toEqual({
          attempt: 2,
          restarts: reference.status.restarts,
          phase: 'Succeeded',
          failed: 'digits-1-1',
        });
      }
      expect(deaths).toBeGreaterThan(10);
    },
  );
});

/** A cluster whose watches of one resource stand still until they are let go. */
function lagging(
  cluster: Cluster,
  plural: string,
): { cluster: Cluster; hold: () => void; release: () => void } {
  let gate = Promise.resolve();
  let open: (() => void) | undefined;
  return {
    cluster: {
      get: (type, key) => cluster.get(type, key),
      list: (type, selection) => cluster.list(type, selection),
      create: (type, object) => cluster.create(type, object),
      patch: (type, key, patch, preconditions) => cluster.patch(type, key, patch, preconditions),
      patchStatus: (type, key, patch, preconditions) => cluster.patchStatus(type, key, patch, preconditions),
      delete: (type, key, options) => cluster.delete(type, key, options),
      async *watch<T extends KubernetesObject>(
        type: ResourceType<T>,
        selection: object,
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        for await (const event of cluster.watch(type, selection, signal)) {
          if (type.plural === plural) await Promise.race([gate, aborted(signal)]);
          yield event;
        }
      },
    },
    hold: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open?.(),
  };
}

describe('a controller whose caches lag behind', () => {
  it.each(['pods', 'services', 'trainingruns'])('for %s does nothing twice', async (plural) => {
    const world = await openWorld();
    const { cluster, hold, release } = lagging(world.cluster, plural);
    world.startController(cluster);
    await world.submit('other');
    await world.reaches('other', 'Starting', ['other-1-0', 'other-1-1']);
    await world.submit('digits');
    await until('true', async () => String((await world.run('digits')) !== undefined));
    hold();
    await quiet();
    // Other things happen to the run meanwhile, each of which asks for a look at it.
    for (let second = 0; second < 5; second += 1) {
      await world.patchSpec('digits', { ttlAfterFinished: `${second}h` });
      await world.clock.advance(1_000);
      await quiet();
    }
    release();
    await world.reaches('digits', 'Starting', ['digits-1-0', 'digits-1-1']);
    await world.startPods('digits');
    expect(await world.reaches('digits', 'Running')).toMatchObject({ attempt: 1, restarts: { total: 0 } });
    expect(await world.events('digits')).toEqual([]);
  });

  it('asks the cluster itself when they never catch up', async () => {
    const world = await openWorld();
    const { cluster, hold } = lagging(world.cluster, 'pods');
    world.startController(cluster);
    await world.submit('other');
    await world.reaches('other', 'Starting', ['other-1-0', 'other-1-1']);
    hold();
    await world.submit('digits');
    await world.reaches('digits', 'Starting', ['digits-1-0', 'digits-1-1']);
    await world.startPods('digits');
    await world.clock.advance(11_000);
    expect(await world.reaches('digits', 'Running')).toMatchObject({ attempt: 1, restarts: { total: 0 } });
  });
});
