import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Workload } from '../../operator/api/kueue.ts';
import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { labels } from '../../operator/api/v1alpha1/group.ts';
import { toTimestamp } from '../../operator/base/clock.ts';
import { podGroupType, resourceTypes } from '../../operator/cluster/cluster.ts';
import { aCheckpoint, aProgressDocument } from '../../operator/plan/testing/fixtures.ts';
import { settings } from '../../operator/plan/testing/queues.ts';
import { workloadOf as workloadOfRun } from '../../operator/plan/workloads.ts';
import type { Child } from '../control-plane/child.ts';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { nativeGangs } from '../control-plane/native-gangs.ts';
import { until } from '../control-plane/until.ts';
import { grantedRights, operatorUser } from '../operator/install.ts';
import { createLocalQueue, createQueues, kueueCrdFiles, startKueue } from '../operator/kueue.ts';
import { createNode } from '../operator/nodes.ts';
import { conditionOf, serveProgress, useGangWorld } from './gang-world.ts';

const { workloads } = resourceTypes;

const { apiVersion: podGroupVersion, controlPlane: gangFlags } = await nativeGangs();

/** A queue with room for 4 GPUs, on a node that has 8 and is kept for it; and a scheduler that knows gangs. */
const world = useGangWorld({
  nodeNames: ['node-1'],
  controlPlane: {
    crdFiles: [...shippedCrdFiles, ...(await kueueCrdFiles())],
    ...gangFlags,
  },
});
let kueue: Child | undefined;

beforeAll(async () => {
  const { controlPlane } = world();
  kueue = await startKueue(controlPlane);
  await createQueues(controlPlane, 4);
  await reserve('node-1');
});
beforeEach(async () => {
  // Kueue writes its authority into its CRDs when it starts, upon which the server begins with them anew.
  world().expectedWarnings.push(/storage is \(re\)initializing/);
  await createLocalQueue(world().controlPlane, world().namespace);
});
afterAll(async () => kueue?.kill());

const queue = { queueName: 'team' };

/** Keeps a node for pods of the flavour. */
async function reserve(name: string): Promise<void> {
  const { controlPlane } = world();
  const path = `/api/v1/nodes/${name}`;
  const { code, body } = await controlPlane.fetch('PUT', path, {
    // Without a resource version: controllers write to new nodes too.
    metadata: { name, labels: { 'kubernetes.io/hostname': name, pool: 'reserved' } },
    spec: { taints: [{ key: 'reserved', effect: 'NoSchedule' }] },
  });
  if (code !== 200) throw new Error(`node ${name} was refused: ${JSON.stringify(body)}`);
}

async function workloadOf(run: string): Promise<Workload> {
  const [workload] = await world().cluster.list(workloads, {
    namespace: world().namespace,
    labels: { [labels.run]: run },
  });
  if (workload === undefined) throw new Error(`run ${run} has no Workload`);
  return workload;
}

/** Waits until a condition of the run's Workload has this status and reason. */
async function isTold(run: string, type: string, status: string, reason?: string): Promise<void> {
  let seen: Workload | undefined;
  await until(
    `Workload of ${run} is ${type} ${status}`,
    async () => {
      seen = await workloadOf(run);
      const found = seen.status?.conditions?.find((condition) => condition.type === type);
      return found?.status === status && (reason === undefined || found.reason === reason) ? true : undefined;
    },
    { everyMs: 50, timeoutMs: 30_000 },
  ).catch((error: unknown) => {
    throw new Error(JSON.stringify(seen?.status), { cause: error });
  });
}

/** As trainers do that are told to stop: each saves what it has, says so, and ends. */
async function saveAndEnd(run: string, step: number, ...suffixes: string[]): Promise<void> {
  await world().areDying(run, suffixes);
  for (const suffix of suffixes) {
    const checkpoint = aCheckpoint(step);
    await world().endPod(`${run}-${suffix}`, { lastWords: { reason: 'Terminated', checkpoint } });
  }
}

describe('a run in a queue of Kueue', () => {
  it('is admitted, placed on the nodes of its flavour, and told as ready and as finished', async () => {
    await world().controlPlane.fetch('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
      metadata: { name: 'training' },
      value: 50,
    });
    await world().submit('digits', { scheduling: queue, trainers: { priorityClassName: 'training' } });
    const status = await world().takeToRunning('digits', 1);
    expect((await workloadOf('digits')).spec.priority).toBe(50);
    expect(conditionOf(status, 'Admitted')).toMatchObject({
      status: 'True',
      message: 'Admitted by ClusterQueue gpus.',
    });
    const [pod] = await world().pods('digits');
    expect(pod?.spec).toMatchObject({ nodeSelector: { pool: 'reserved' }, nodeName: 'node-1' });
    expect(pod?.spec.tolerations).toContainEqual({
      key: 'reserved',
      operator: 'Exists',
      effect: 'NoSchedule',
    });
    await isTold('digits', 'PodsReady', 'True', 'Started');
    for (const name of ['digits-1-0', 'digits-1-1']) await world().endPod(name);
    await world().reaches('digits', 'Succeeded');
    await isTold('digits', 'Finished', 'True', 'Succeeded');
  });

  it('waits, saying why in the words of Kueue, until there is room', async () => {
    await world().submit('first', { scheduling: queue, trainers: { gpusPerPod: 2 } });
    await world().takeToRunning('first', 1);
    await world().submit('second', { scheduling: queue });
    await world().reaches('second', 'Queued');
    await until('it says why it waits', async () => {
      const { status } = await world().run('second');
      return conditionOf(status, 'Admitted')?.message.includes('insufficient unused quota')
        ? true
        : undefined;
    });
    expect(await world().pods('second')).toEqual([]);
    for (const name of ['first-1-0', 'first-1-1']) await world().endPod(name);
    await world().takeToRunning('second', 1);
  });

  it('saves and gives its place to one of higher priority, and goes on afterwards without a charge', async () => {
    const usual = { ...queue, queuePriorityClass: 'usual' };
    await world().submit('long', { scheduling: usual, trainers: { gpusPerPod: 2 } });
    await world().takeToRunning('long', 1);
    await isTold('long', 'PodsReady', 'True');
    await world().submit('urgent', { scheduling: { ...queue, queuePriorityClass: 'urgent' } });
    await world().reaches('long', 'Suspending');
    await world().areDying('long', ['1-0', '1-1']);
    await isTold('long', 'Evicted', 'True', 'Preempted');
    // Its pods still hold their GPUs, and so it does its quota.
    await isTold('long', 'QuotaReserved', 'True');
    expect((await world().run('urgent')).status?.phase).toBe('Queued');

    await saveAndEnd('long', 700, '1-0', '1-1');
    await world().endDying('long', '1-0', '1-1');
    expect(await world().reaches('long', 'Queued')).toMatchObject({
      checkpoint: { step: 700 },
      restarts: { total: 0, charged: 0 },
    });
    await world().takeToRunning('urgent', 1);
    for (const name of ['urgent-1-0', 'urgent-1-1']) await world().endPod(name);
    await world().reaches('urgent', 'Succeeded');

    expect(await world().takeToRunning('long', 2)).toMatchObject({
      attemptFromStep: 700,
      restarts: { total: 0, charged: 0 },
    });
    await isTold('long', 'PodsReady', 'True', 'Started');
    await until('the events tell it', async () => {
      const reasons = (await world().events('long')).map(({ reason }) => reason);
      return ['QueueEvicted', 'GangStarting', 'TrainersRunning'].every((reason) => reasons.includes(reason))
        ? true
        : undefined;
    });
  });

  it('stops when its Workload is deactivated, and goes on when it is activated', async () => {
    await world().submit('digits', { scheduling: queue });
    await world().takeToRunning('digits', 1);
    const { metadata } = await workloadOf('digits');
    const key = { namespace: world().namespace, name: metadata.name };
    await world().cluster.patch(workloads, key, { spec: { active: false } });
    await saveAndEnd('digits', 10, '1-0', '1-1');
    await world().endDying('digits', '1-0', '1-1');
    expect(conditionOf(await world().reaches('digits', 'Queued'), 'Admitted')?.message).toContain(
      'until its spec.active is true',
    );
    await isTold('digits', 'QuotaReserved', 'False');
    await world().cluster.patch(workloads, key, { spec: { active: true } });
    await world().takeToRunning('digits', 2);
  });

  it('gives its place back when part of its gang is not ready for too long', async () => {
    await world().submit('digits', { scheduling: queue });
    await world().takeToRunning('digits', 1);
    await isTold('digits', 'PodsReady', 'True');
    const pod = await world().pod('digits-1-1');
    await world().report(pod, { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] });
    await isTold('digits', 'PodsReady', 'False', 'WaitForRecovery');
    await saveAndEnd('digits', 10, '1-0', '1-1');
    await world().endDying('digits', '1-0', '1-1');
    expect((await world().takeToRunning('digits', 2)).restarts).toMatchObject({ charged: 0 });
  });

  it('leaves the queue while it is suspended, and when it is deleted', async () => {
    await world().submit('digits', { scheduling: queue, trainers: { gpusPerPod: 2 } });
    await world().takeToRunning('digits', 1);
    await world().submit('next', { scheduling: queue, trainers: { gpusPerPod: 2 } });
    await world().reaches('next', 'Queued');
    await world().patchSpec('digits', { suspend: true });
    await world().endDying('digits', '1-0', '1-1');
    await world().reaches('digits', 'Suspended');
    await world().takeToRunning('next', 1);
    await expect(workloadOf('digits')).rejects.toThrow('has no Workload');

    await world().patchSpec('digits', { suspend: false });
    await world().reaches('digits', 'Queued');
    const key = { namespace: world().namespace, name: 'next' };
    await world().cluster.delete(resourceTypes.trainingRuns, key);
    await world().endDying('next', '1-0', '1-1');
    await world().takeToRunning('digits', 2);
  });

  it('of which another Kueue says where it runs is left alone', async () => {
    await world().submit('theirs', { managedBy: 'kueue.x-k8s.io/multikueue', scheduling: queue });
    await world().submit('ours', { scheduling: queue });
    await world().takeToRunning('ours', 1);
    expect((await world().run('theirs')).status).toBeUndefined();
    await expect(workloadOf('theirs')).rejects.toThrow('has no Workload');
  });

  it('with a priority that there is not is told so', async () => {
    world().expectedWarnings.push(/there is no WorkloadPriorityClass missing/);
    await world().submit('digits', { scheduling: { ...queue, queuePriorityClass: 'missing' } });
    await until('it is told', async () =>
      (await world().events('digits')).find(({ note }) => note.includes('no WorkloadPriorityClass missing')),
    );
    await until('the condition says it', async () => {
      const { status } = await world().run('digits');
      return conditionOf(status, 'Admitted')?.message.includes('no WorkloadPriorityClass missing')
        ? true
        : undefined;
    });
    await world().patchSpec('digits', { scheduling: { queuePriorityClass: 'urgent' } });
    await world().takeToRunning('digits', 1);
    expect((await workloadOf('digits')).spec.priority).toBe(1000);
  });
});

describe('a victim', () => {
  it('is the run that has saved a checkpoint a moment ago, not the one with more at stake', async () => {
    // The first pods of both have one address: what it answers is of the run that has saved.
    const trainers = { pods: 1, gpusPerPod: 2 };
    const { metadata } = await world().submit('saved', {
      scheduling: queue,
      trainers: { ...trainers, disruptionWindow: '1h' },
    });
    await world().takeToRunning('saved', 1);
    await serveProgress(() => ({
      ...aProgressDocument(50, { runUid: metadata.uid ?? '' }),
      checkpoint: { ...aCheckpoint(40), savedAt: toTimestamp(Date.now()) },
    }));
    // Were all else equal, Kueue would take this one, which it admitted last.
    await world().submit('unsaved', {
      scheduling: queue,
      trainers: { ...trainers, disruptionWindow: '1s' },
    });
    await world().takeToRunning('unsaved', 1);
    const isAnnotated = (run: string, key: string, value: string) =>
      until(`the Workload of ${run} says ${key} ${value}`, async () =>
        (await workloadOf(run)).metadata.annotations?.[key] === value ? true : undefined,
      );
    await isAnnotated('saved', 'ringmaster.dev/checkpoint-step', '40');
    await isAnnotated('unsaved', 'kueue.x-k8s.io/priority-boost', '3');
    await world().submit('urgent', {
      scheduling: { ...queue, queuePriorityClass: 'urgent' },
      trainers: { pods: 1, gpusPerPod: 2 },
    });
    await world().reaches('saved', 'Suspending');
    await world().endDying('saved', '1-0');
    await world().reaches('urgent', 'Starting');
    expect((await world().run('unsaved')).status).toMatchObject({ phase: 'Running', attempt: 1 });
  });
});

describe('a gang with a PodGroup', () => {
  // In no queue, but where the flavour's pods go.
  const place = {
    nodeSelector: { pool: 'reserved' },
    tolerations: [{ key: 'reserved', operator: 'Exists', effect: 'NoSchedule' }],
  };

  it('has no pod on a node until there is room for all of them', async () => {
    await world().submit('wide', {
      scheduling: { gang: 'native' },
      recipe: { batchSize: 48 },
      trainers: { gpusPerPod: 6, ...place },
    });
    const [first] = await world().hasPods('wide', '1-0', '1-1');
    expect(first?.spec.schedulingGroup).toEqual({ podGroupName: 'wide-1' });
    const waiting = await until('it says why it waits', async () => {
      const { status } = await world().run('wide');
      return conditionOf(status, 'Running')?.message.includes('PodGroup wide-1: Unschedulable')
        ? status
        : undefined;
    });
    expect(conditionOf(waiting, 'GangScheduled')).toMatchObject({ status: 'True' });
    // One of the two would fit.
    expect((await world().pods('wide')).map(({ spec }) => spec.nodeName)).toEqual([undefined, undefined]);
    await createNode(world().controlPlane, 'node-2');
    await reserve('node-2');
    await world().takeToRunning('wide', 1);
    // The next attempt is another group.
    await world().endPod('wide-1-1', { exitCode: 70 });
    await world().endDying('wide', '1-0');
    await world().takeToRunning('wide', 2);
    await until('the group of the first attempt is gone', async () => {
      const type = podGroupType(podGroupVersion);
      const groups = await world().cluster.list(type, { namespace: world().namespace });
      return groups.map(({ metadata }) => metadata.name).join() === 'wide-2' ? true : undefined;
    });
  });
});

describe('a name that is taken', () => {
  it('is told, and keeps the run waiting until it is free', async () => {
    world().expectedWarnings.push(/belongs to somebody else/);
    const run = await world().submit('taken', { suspend: true, scheduling: queue });
    await world().reaches('taken', 'Suspended');
    const { namespace, cluster } = world();
    const workload = workloadOfRun(run, settings);
    const podGroup = { apiVersion: podGroupVersion, kind: 'PodGroup' } as const;
    await cluster.create(workloads, {
      ...workload,
      metadata: { namespace, name: workload.metadata.name },
    });
    await cluster.create(podGroupType(podGroupVersion), {
      ...podGroup,
      metadata: { namespace, name: 'taken-1' },
      spec: { schedulingPolicy: { gang: { minCount: 2 } } },
    });
    await world().patchSpec('taken', { suspend: false });
    const isTold = (kind: string) =>
      until(`it is told that the name of the ${kind} is taken`, async () =>
        (await world().events('taken')).find(({ note }) => note.startsWith(`${kind} `)),
      );
    await isTold('Workload');
    await cluster.delete(workloads, { namespace, name: workload.metadata.name });
    await isTold('PodGroup');
    await cluster.delete(podGroupType(podGroupVersion), { namespace, name: 'taken-1' });
    await world().hasPods('taken', '1-0', '1-1');
  });
});

describe('a sweep in a queue of Kueue', () => {
  it('is as many Workloads as trials, and says that quota limits it', async () => {
    const manifest = searchManifest({
      maxTrials: 8,
      autoscaling: { min: 1, max: 8, startWithin: '1s', retryAfter: '1s' },
    }) as { spec: { runTemplate: { trainers?: object } } };
    const { spec } = manifest;
    await world().cluster.create(resourceTypes.trainingSweeps, {
      ...manifest,
      metadata: { namespace: world().namespace, name: 'tricks' },
      spec: {
        ...spec,
        runTemplate: { ...spec.runTemplate, scheduling: queue, trainers: { pods: 1, gpusPerPod: 2 } },
      },
    } as unknown as TrainingSweep);
    for (const trial of ['tricks-0', 'tricks-1']) {
      await world().reaches(trial, 'Starting', 1);
      await world().startPods(trial);
    }
    await world().reaches('tricks-2', 'Queued');
    await until('the sweep says what limits it', async () => {
      const key = { namespace: world().namespace, name: 'tricks' };
      const sweep = await world().cluster.get(resourceTypes.trainingSweeps, key);
      return sweep?.status?.limitedBy === 'Quota' ? true : undefined;
    });
    expect((await workloadOf('tricks-2')).spec.queueName).toBe('team');
  });
});

describe('the rights for queues that the chart ships', () => {
  it('are enough, and every one of them is used', async () => {
    const rights = [...(await grantedRights('queueing-rights'))];
    const requests = (await world().audit.requests()).filter(({ user }) => user === operatorUser);
    expect(requests.filter(({ code }) => code === 403)).toEqual([]);
    const used = new Set(requests.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`));
    expect(rights.filter((right) => !used.has(right))).toEqual([]);
  });
});
