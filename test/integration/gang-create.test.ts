import { describe, expect, it } from 'vitest';
import { operatorName } from '../../operator/api/v1alpha1/group.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { conditionOf, refusalOf, useGangWorld } from './gang-world.ts';

/*
 * Behaviours of other operators that every one of ours is held to; the numbers at the end of each name are those of
 * test/checks/behaviours.test.ts, which says which do not apply. Creation and specs are here; failures in
 * gang-failure.test.ts; suspending, deadlines and cleaning up in gang-end.test.ts.
 */
const world = useGangWorld();
const { pods, services, networkPolicies } = resourceTypes;

describe('a new run', () => {
  it('gets its pods, Service and NetworkPolicy, all owned by it, labelled, with what a rank must know (1, 2, 12)', async () => {
    const run = await world().submit('digits', { trainers: { terminationGracePeriodSeconds: 77 } });
    const gang = await world().hasPods('digits', '1-0', '1-1');
    const owner = { kind: 'TrainingRun', name: 'digits', uid: run.metadata.uid, controller: true };
    for (const [index, pod] of gang.entries()) {
      expect(pod.metadata.ownerReferences).toEqual([expect.objectContaining(owner)]);
      expect(pod.metadata.labels).toMatchObject({
        'ringmaster.dev/run': 'digits',
        'ringmaster.dev/run-uid': run.metadata.uid,
        'ringmaster.dev/attempt': '1',
        'ringmaster.dev/pod-index': String(index),
        'app.kubernetes.io/managed-by': 'ringmaster',
      });
      expect(pod.spec.terminationGracePeriodSeconds).toBe(77);
      const told = pod.spec.containers[0]?.env?.find(({ name }) => name === 'RINGMASTER_ASSIGNMENT')?.value;
      expect(JSON.parse((told ?? '').replaceAll('$$', '$'))).toMatchObject({
        run: 'digits',
        attempt: 1,
        podIndex: index,
        leader: `digits-1-0.digits.${world().namespace}.svc`,
      });
    }
    expect((await world().service('digits'))?.metadata.ownerReferences).toEqual([
      expect.objectContaining(owner),
    ]);
    expect((await world().service('digits'))?.spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    expect((await world().networkPolicy('digits'))?.metadata.ownerReferences).toEqual([
      expect.objectContaining(owner),
    ]);
    expect((await world().run('digits')).status).toMatchObject({
      phase: 'Starting',
      attempt: 1,
      observedGeneration: 1,
    });
  });

  it('is fenced: its own pods reach each other, the operator and Prometheus the supervisor, nobody else anything', async () => {
    const run = await world().submit('digits');
    await world().hasPods('digits', '1-0', '1-1');
    const own = { matchLabels: { 'ringmaster.dev/run-uid': run.metadata.uid } };
    expect((await world().networkPolicy('digits'))?.spec).toEqual({
      podSelector: own,
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: own }] },
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ringmaster-system' } },
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ringmaster' } },
            },
            {
              namespaceSelector: {},
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 7911 }],
        },
      ],
    });
  });

  it('has no fence when it asks for none, also later', async () => {
    await world().submit('open', { trainers: { networkIsolation: false } });
    await world().hasPods('open', '1-0', '1-1');
    expect(await world().networkPolicy('open')).toBeUndefined();
    await world().patchSpec('open', { trainers: { networkIsolation: true } });
    await until('there is a fence', () => world().networkPolicy('open'));
    await world().patchSpec('open', { trainers: { networkIsolation: false } });
    await until('the fence is gone', async () =>
      (await world().networkPolicy('open')) === undefined ? true : undefined,
    );
  });

  it('with a generated name names everything after the final one (7)', async () => {
    const manifest = world().manifest('unused');
    const run = await world().create({
      ...manifest,
      metadata: { generateName: 'night-', namespace: world().namespace },
    });
    await world().hasPods(run.metadata.name, '1-0', '1-1');
    expect((await world().service(run.metadata.name))?.metadata.name).toBe(run.metadata.name);
  });

  it('that is applied twice has the same generation (9)', async () => {
    const manifest = JSON.stringify(world().manifest('digits'));
    await kubectl(world().controlPlane, ['apply', '-f', '-'], manifest);
    await world().reaches('digits', 'Starting');
    expect(await kubectl(world().controlPlane, ['apply', '-f', '-'], manifest)).toContain('unchanged');
    expect((await world().run('digits')).metadata.generation).toBe(1);
  });

  it('ignores pods that wear its labels and are not its own (3, 8)', async () => {
    const other = await world().submit('other');
    const run = await world().submit('digits');
    const [template] = await world().hasPods('digits', '1-0', '1-1');
    if (template === undefined) throw new Error('there is a pod');
    const { labels = {} } = template.metadata;
    const strangers = [
      { name: 'orphan', ownerReferences: [] },
      {
        name: 'foreign',
        ownerReferences: [
          {
            apiVersion: other.apiVersion,
            kind: other.kind,
            name: 'other',
            uid: other.metadata.uid ?? '',
            controller: true,
          },
        ],
      },
    ];
    for (const { name, ownerReferences } of strangers) {
      await world().cluster.create(pods, {
        ...template,
        metadata: {
          name,
          namespace: world().namespace,
          labels: { ...labels, 'ringmaster.dev/attempt': '7' },
          ownerReferences,
        },
        spec: { containers: [{ name: 'main', image: 'registry.invalid/nothing:1' }], restartPolicy: 'Never' },
      });
    }
    await world().startPods('digits', '1-0', '1-1');
    await world().reaches('digits', 'Running', 1);
    for (const { name } of strangers) {
      const stranger = await world().pod(name);
      expect(stranger.metadata.deletionTimestamp).toBeUndefined();
      expect(stranger.metadata.ownerReferences?.[0]?.uid).not.toBe(run.metadata.uid);
    }
  });

  it('that is not ours is left alone, status and all (23)', async () => {
    await world().submit('theirs', { managedBy: 'kueue.x-k8s.io/multikueue' });
    const key = { namespace: world().namespace, name: 'theirs' };
    await world().cluster.patchStatus(resourceTypes.trainingRuns, key, {
      status: { phase: 'Running', attempt: 9 },
    });
    await world().submit('ours');
    await world().hasPods('ours', '1-0', '1-1');
    await world().settles();
    expect((await world().run('theirs')).status).toEqual({ phase: 'Running', attempt: 9 });
    expect(await world().pods('theirs')).toEqual([]);
    expect(await world().service('theirs')).toBeUndefined();
    expect(operatorName).not.toBe('kueue.x-k8s.io/multikueue');
  });

  it('that names a queue waits where there is no Kueue, and says so (18, 55 to 59)', async () => {
    await world().submit('queued', { scheduling: { queueName: 'team' } });
    const waiting = conditionOf(await world().reaches('queued', 'Queued'), 'Admitted');
    expect(waiting).toMatchObject({ status: 'False', reason: 'KueueNotServed' });
    expect(waiting?.message).toContain('install Kueue');
    expect(await world().pods('queued')).toEqual([]);
    await world().patchSpec('queued', { scheduling: { queueName: null } });
    await world().hasPods('queued', '1-0', '1-1');
  });

  it('that asks for a PodGroup has plain pods where the cluster serves none, and says so (61)', async () => {
    const status = await world().submitRunning('digits', { scheduling: { gang: 'native' } });
    expect(conditionOf(status, 'GangScheduled')).toMatchObject({
      status: 'False',
      reason: 'PodGroupsNotServed',
    });
  });
});

describe('what belongs to a run', () => {
  it('is made again when somebody deletes it: a pod that has not started, Service and NetworkPolicy (4, 6)', async () => {
    // More GPUs than there are, so that no pod gets a node.
    await world().submit('digits', { trainers: { gpusPerPod: 16 } });
    const [first] = await world().hasPods('digits', '1-0', '1-1');
    await world().deletePod('digits-1-0');
    await until('pod digits-1-0 is made again', async () => {
      const again = await world().cluster.get(pods, { namespace: world().namespace, name: 'digits-1-0' });
      return again !== undefined && again.metadata.uid !== first?.metadata.uid ? true : undefined;
    });
    expect((await world().run('digits')).status).toMatchObject({ phase: 'Starting', attempt: 1 });
    const key = { namespace: world().namespace, name: 'digits' };
    const service = await world().service('digits');
    await world().cluster.delete(services, key);
    await until('the Service is made again', async () => {
      const again = await world().service('digits');
      return again !== undefined && again.metadata.uid !== service?.metadata.uid ? true : undefined;
    });
    const networkPolicy = await world().networkPolicy('digits');
    await world().cluster.delete(networkPolicies, key);
    await until('the NetworkPolicy is made again', async () => {
      const again = await world().networkPolicy('digits');
      return again !== undefined && again.metadata.uid !== networkPolicy?.metadata.uid ? true : undefined;
    });
  });

  it('goes when the run goes', async () => {
    await world().submitRunning('digits');
    await world().cluster.delete(resourceTypes.trainingRuns, {
      namespace: world().namespace,
      name: 'digits',
    });
    await world().endDying('digits', '1-0', '1-1');
    await until('nothing is left', async () => {
      const left = [
        await world().service('digits'),
        await world().networkPolicy('digits'),
        ...(await world().pods('digits')),
      ];
      return left.every((object) => object === undefined) ? true : undefined;
    });
  });

  it('is never taken over by a run of the same name that comes later (3)', async () => {
    const old = await world()
      .submitRunning('digits')
      .then(() => world().run('digits'));
    await world().cluster.delete(resourceTypes.trainingRuns, {
      namespace: world().namespace,
      name: 'digits',
    });
    await world().isGone('digits');
    world().expectedWarnings.push(/belongs to an earlier run digits/);
    const fresh = await world().submit('digits');
    await world().endDying('digits', '1-0', '1-1');
    const gang = await until('the new run has its own pods', async () => {
      const own = (await world().pods('digits')).filter(
        ({ metadata }) => metadata.ownerReferences?.[0]?.uid === fresh.metadata.uid,
      );
      return own.length === 2 ? own : undefined;
    });
    expect(gang.map(({ metadata }) => metadata.labels?.['ringmaster.dev/run-uid'])).not.toContain(
      old.metadata.uid,
    );
    expect((await world().run('digits')).status).toMatchObject({ attempt: 1, restarts: { total: 0 } });
  });
});

describe('the status of a run', () => {
  it('counts its pods as they come and go (10)', async () => {
    await world().submit('digits');
    await world().hasPods('digits', '1-0', '1-1');
    await world().startPods('digits', '1-0');
    await until('one pod is ready', async () =>
      (await world().run('digits')).status?.trainers?.ready === 1 ? true : undefined,
    );
    expect(conditionOf((await world().run('digits')).status, 'Running')?.status).toBe('False');
    await world().startPods('digits', '1-1');
    expect(await world().reaches('digits', 'Running')).toMatchObject({
      trainers: { desired: 2, ready: 2, failed: 0 },
    });
    await world().endPod('digits-1-1', { exitCode: 70 });
    expect(await world().reaches('digits', 'Restarting')).toMatchObject({
      trainers: { desired: 2, failed: 1 },
    });
  });
});

describe('the spec of a run', () => {
  it('cannot be changed in what training depends on while it runs, and can while it is suspended (17)', async () => {
    await world().submitRunning('digits');
    for (const spec of [
      { trainers: { image: 'other:2' } },
      { recipe: { epochs: 9 } },
      { trainers: { pods: 1 } },
    ])
      expect(await refusalOf(world().patchSpec('digits', spec))).toContain('only while suspend is true');
    await world().patchSpec('digits', { suspend: true });
    await world().endDying('digits', '1-0', '1-1');
    await world().reaches('digits', 'Suspended');
    await world().patchSpec('digits', {
      trainers: { image: 'other:2', nodeSelector: { 'kubernetes.io/hostname': 'node-2' } },
    });
    await world().patchSpec('digits', { suspend: false });
    const gang = await world().hasPods('digits', '2-0', '2-1');
    for (const { spec } of gang) {
      expect(spec.containers[0]?.image).toBe('other:2');
      expect(spec.nodeSelector).toEqual({ 'kubernetes.io/hostname': 'node-2' });
    }
  });

  it('takes another size while it is suspended, and no pod is left over (5)', async () => {
    await world().submitRunning('digits');
    await world().patchSpec('digits', { suspend: true });
    await world().endDying('digits', '1-0', '1-1');
    await world().reaches('digits', 'Suspended');
    await world().patchSpec('digits', { suspend: false, trainers: { pods: 1 } });
    await world().hasPods('digits', '2-0');
    await world().startPods('digits', '2-0');
    expect(await world().reaches('digits', 'Running', 2)).toMatchObject({
      trainers: { desired: 1, ready: 1 },
    });
  });

  it('takes effect with the next attempt in where pods go (11)', async () => {
    await world().submitRunning('digits');
    await world().patchSpec('digits', { trainers: { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } } });
    await world().settles();
    expect((await world().pods('digits')).every(({ spec }) => spec.nodeSelector === undefined)).toBe(true);
    await world().endPod('digits-1-0', { exitCode: 70 });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    expect((await world().pod('digits-2-0')).spec.nodeSelector).toEqual({
      'kubernetes.io/hostname': 'node-1',
    });
  });

  it('never makes a gang of two: what is being made when it changes is made anew', async () => {
    await world().submit('digits', { trainers: { gpusPerPod: 16 } });
    await world().hasPods('digits', '1-0', '1-1');
    await world().patchSpec('digits', { trainers: { env: [{ name: 'A', value: '1' }] } });
    await world().deletePod('digits-1-0');
    expect(await world().reaches('digits', 'Starting', 2)).toMatchObject({
      lastFailure: { reason: 'SpecChanged' },
      restarts: { total: 1, charged: 0 },
    });
    const gang = await world().hasPods('digits', '2-0', '2-1');
    for (const { spec } of gang) expect(spec.containers[0]?.env).toContainEqual({ name: 'A', value: '1' });
  });
});
