import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { toTimestamp } from '../../operator/base/clock.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { aCheckpoint, aProgressDocument } from '../../operator/plan/testing/fixtures.ts';
import { until } from '../control-plane/until.ts';
import { grantedRights, operatorUser, renderChart } from '../operator/install.ts';
import { serveProgress, useGangWorld } from './gang-world.ts';

/**
 * With the plug-in on, the API server asks whether who makes a pod that blocks the deletion of its run may do so; it
 * does that where rights are taken seriously, as on OpenShift.
 */
const world = useGangWorld({
  controlPlane: { apiServerFlags: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'] },
});

/** Rights that this server sees no request for, each with what they are for. */
const usedElsewhere: Readonly<Record<string, string>> = {
  'list ringmaster.dev/trainingruns': 'servers whose watches do not begin with what there is',
  'list ringmaster.dev/trainingsweeps': 'servers whose watches do not begin with what there is',
  'update ringmaster.dev/trainingruns/finalizers': 'asked about by admission, without a request',
  'update ringmaster.dev/trainingsweeps/finalizers': 'asked about by admission, without a request',
};

describe('the rights that the chart ships', () => {
  it('have no wildcard and nothing about secrets, nodes or roles', async () => {
    const rights = [...(await grantedRights('rights')), ...(await grantedRights('queueing-rights'))];
    expect(rights.length).toBeGreaterThan(10);
    for (const right of rights)
      expect(right).not.toMatch(/\*|secrets|nodes|roles|exec|impersonate|escalate|bind/);
  });

  it('are enough for a whole life, and every one of them is used', async () => {
    const { cluster, namespace } = world();
    const { pods, services, networkPolicies } = resourceTypes;
    world().expectedWarnings.push(/belongs to somebody else/);

    // A life with a failure, a fence that is taken away, a suspension, an end, and a time to live.
    const { metadata: run } = await world().submit('digits', {
      ttlAfterFinished: '0s',
      trainers: { disruption: 'AfterCheckpoint' },
    });
    await serveProgress(() => ({
      ...aProgressDocument(50, { runUid: run.uid ?? '' }),
      checkpoint: { ...aCheckpoint(40), savedAt: toTimestamp(Date.now()) },
    }));
    await world().takeToRunning('digits', 1);
    await until('pods may be moved after a checkpoint', async () => {
      const { annotations } = (await world().pod('digits-1-1')).metadata;
      return annotations?.['cluster-autoscaler.kubernetes.io/safe-to-evict'] === 'true' ? true : undefined;
    });
    await world().endPod('digits-1-0', { exitCode: 70 });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    await world().patchSpec('digits', { trainers: { networkIsolation: false } });
    await until('the fence is gone', async () =>
      (await world().networkPolicy('digits')) === undefined ? true : undefined,
    );
    await world().patchSpec('digits', { suspend: true });
    await world().endDying('digits', '2-0', '2-1');
    await world().reaches('digits', 'Suspended');
    await world().patchSpec('digits', { suspend: false });
    await world().takeToRunning('digits', 3);
    for (const pod of ['digits-3-0', 'digits-3-1']) await world().endPod(pod);
    await world().isGone('digits');

    // Names that are taken: the operator looks whose they are, and tells it more than once.
    const metadata = { namespace };
    await cluster.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'taken-1-0' },
      spec: { containers: [{ name: 'main', image: 'registry.invalid/nothing:1' }], nodeName: 'node-1' },
    });
    await cluster.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: 'taken' },
      spec: { clusterIP: 'None' },
    });
    await cluster.create(networkPolicies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: 'taken' },
      spec: { podSelector: { matchLabels: { app: 'other' } }, policyTypes: ['Ingress'] },
    });
    await world().submit('taken');
    const key = { namespace, name: 'taken' };
    const isTold = (kind: string) =>
      until(`it is told that the name of the ${kind} is taken`, async () =>
        (await world().events('taken')).find(
          ({ note, series }) => note.startsWith(`${kind} taken`) && (series?.count ?? 1) > 1,
        ),
      );
    await isTold('NetworkPolicy');
    await cluster.delete(networkPolicies, key);
    await isTold('Service');
    await cluster.delete(services, key);
    await isTold('Pod');
    await cluster.delete(pods, { namespace, name: 'taken-1-0' }, { gracePeriodSeconds: 0 });
    await world().hasPods('taken', '1-0', '1-1');

    // A sweep whose trial is suspended, goes on and succeeds, and which then has lived long enough.
    const sweeps = resourceTypes.trainingSweeps;
    const manifest: object = {
      ...searchManifest({ maxTrials: 1, ttlAfterFinished: '0s' }),
      metadata: { namespace, name: 'tricks' },
    };
    await cluster.create(sweeps, manifest as TrainingSweep);
    await world().takeToRunning('tricks-0', 1);
    await cluster.patch(sweeps, { namespace, name: 'tricks' }, { spec: { suspend: true } });
    await world().endDying('tricks-0', '1-0');
    await world().reaches('tricks-0', 'Suspended');
    await cluster.patch(sweeps, { namespace, name: 'tricks' }, { spec: { suspend: false } });
    await world().takeToRunning('tricks-0', 2);
    const result = { top1: 0.9, top5: 0.99, epochs: 8, trainSeconds: 60, uri: '/checkpoints' };
    await world().endPod('tricks-0-2-0', { lastWords: { reason: 'Completed', result } });
    await world().isGone('tricks-0');

    const requests = (await world().audit.requests()).filter(({ user }) => user === operatorUser);
    const refused = requests.filter(({ code }) => code === 403);
    expect(refused).toEqual([]);
    const used = new Set(requests.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`));
    const rights = await grantedRights('rights');
    const more = await grantedRights('queueing-rights');
    expect([...used].filter((right) => !rights.has(right) && !more.has(right))).toEqual([]);
    expect([...rights].filter((right) => !used.has(right)).sort()).toEqual(Object.keys(usedElsewhere));
  });
});

describe('the chart', () => {
  it('gives the operator a right in no other namespace than the one it watches', async () => {
    const objects = loadAll(await renderChart(['rights', 'deployment'], ['watchNamespace=vision']));
    const kinds = objects.map((object) => (isObject(object) ? object.kind : undefined));
    expect(kinds.sort()).toEqual(['Deployment', 'Role', 'Role', 'RoleBinding', 'RoleBinding']);
    expect(JSON.stringify(objects)).toContain('--namespace=vision');
  });
});
