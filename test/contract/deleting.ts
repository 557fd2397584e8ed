import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import {
  eventually,
  headlessService,
  ownedBy,
  pod,
  refusalOf,
  trainingRun,
  versionOf,
} from './contract-world.ts';

const { trainingRuns, pods, services } = resourceTypes;

export function describeDelete(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('delete', () => {
    it('removes an object', async () => {
      await createRun();
      await fixture.cluster.delete(trainingRuns, key('run'));
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toBeUndefined();
    });

    it('of an object that is gone is not an error', async () => {
      await expect(fixture.cluster.delete(trainingRuns, key('none'))).resolves.toBeUndefined();
    });

    it('of another UID or version is a conflict, and the object stays', async () => {
      const old = await createRun();
      await fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
      for (const preconditions of [
        { uid: '00000000-0000-4000-8000-000000000000' },
        { resourceVersion: versionOf(old) },
      ]) {
        const refusal = await refusalOf(fixture.cluster.delete(trainingRuns, key('run'), { preconditions }));
        expect(refusal.reason).toBe('Conflict');
      }
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toBeDefined();
    });

    it('gives an object made again under the same name another UID', async () => {
      const first = await createRun();
      await fixture.cluster.delete(trainingRuns, key('run'));
      expect((await createRun()).metadata.uid).not.toBe(first.metadata.uid);
    });

    it('waits for finalizers, and ends when the last is taken away', async () => {
      const finalizers = ['ringmaster.dev/test'];
      await fixture.cluster.create(trainingRuns, trainingRun({ ...key('run'), finalizers }));
      await fixture.cluster.delete(trainingRuns, key('run'));
      const waiting = await fixture.cluster.get(trainingRuns, key('run'));
      expect(waiting?.metadata.deletionTimestamp).toBeDefined();
      await fixture.cluster.patch(trainingRuns, key('run'), { metadata: { finalizers: null } });
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toBeUndefined();
    });

    it('in progress admits no new finalizers', async () => {
      const finalizers = ['ringmaster.dev/test'];
      await fixture.cluster.create(trainingRuns, trainingRun({ ...key('run'), finalizers }));
      await fixture.cluster.delete(trainingRuns, key('run'));
      const patch = { metadata: { finalizers: [...finalizers, 'ringmaster.dev/another'] } };
      expect((await refusalOf(fixture.cluster.patch(trainingRuns, key('run'), patch))).reason).toBe(
        'Invalid',
      );
      await fixture.cluster.patch(trainingRuns, key('run'), { metadata: { finalizers: null } });
    });

    it('removes a pod without a node at once', async () => {
      await createPod();
      await fixture.cluster.delete(pods, key('pod'));
      expect(await fixture.cluster.get(pods, key('pod'))).toBeUndefined();
    });

    it('marks a pod that is on a node, until its node says that it is dead', async () => {
      await createPod('pod', { nodeName: 'some-node', terminationGracePeriodSeconds: 100 });
      await fixture.cluster.delete(pods, key('pod'));
      const marked = await fixture.cluster.get(pods, key('pod'));
      expect(marked?.metadata.deletionTimestamp).toMatch(/Z$/);
      expect(marked?.metadata.deletionGracePeriodSeconds).toBe(100);
      await fixture.cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
      expect(await fixture.cluster.get(pods, key('pod'))).toBeUndefined();
    });

    it('may shorten the time that a pod has left, and not lengthen it', async () => {
      await createPod('pod', { nodeName: 'some-node' });
      const graceOf = async (gracePeriodSeconds: number) => {
        await fixture.cluster.delete(pods, key('pod'), { gracePeriodSeconds });
        return (await fixture.cluster.get(pods, key('pod')))?.metadata.deletionGracePeriodSeconds;
      };
      expect([await graceOf(60), await graceOf(20), await graceOf(90)]).toEqual([60, 20, 20]);
      await fixture.cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
    });

    it('lets a pod that is going still report its end', async () => {
      await createPod('pod', { nodeName: 'some-node' });
      await fixture.cluster.delete(pods, key('pod'));
      const patched = await fixture.cluster.patchStatus(pods, key('pod'), { status: { phase: 'Failed' } });
      expect(patched.status?.phase).toBe('Failed');
      await fixture.cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
    });

    it('takes what the object owned with it', async () => {
      const run = await createRun();
      const ownerReferences = [ownedBy(run)];
      await fixture.cluster.create(pods, pod({ ...key('child'), ownerReferences }));
      await fixture.cluster.create(services, headlessService({ ...key('child'), ownerReferences }));
      await createPod('stranger');
      await fixture.cluster.delete(trainingRuns, key('run'));
      await eventually(
        async () =>
          (await fixture.cluster.get(pods, key('child'))) === undefined &&
          (await fixture.cluster.get(services, key('child'))) === undefined,
        'the children of a deleted run are gone',
      );
      expect(await fixture.cluster.get(pods, key('stranger'))).toBeDefined();
    });

    it('leaves what also belongs to another', async () => {
      const [first, second] = [await createRun('first'), await createRun('second')];
      const owners = [ownedBy(first), { ...ownedBy(second), controller: false }];
      await fixture.cluster.create(pods, pod({ ...key('shared'), ownerReferences: owners }));
      await fixture.cluster.create(pods, pod({ ...key('single'), ownerReferences: [ownedBy(first)] }));
      await fixture.cluster.delete(trainingRuns, key('first'));
      await eventually(
        async () => (await fixture.cluster.get(pods, key('single'))) === undefined,
        'the child of a deleted run is gone',
      );
      expect((await fixture.cluster.get(pods, key('shared')))?.metadata.deletionTimestamp).toBeUndefined();
    });

    it('is made up for when an object names an owner that is not there', async () => {
      const owner = { ...ownedBy(trainingRun(key('never'))), uid: '00000000-0000-4000-8000-000000000000' };
      await fixture.cluster.create(pods, pod({ ...key('orphan'), ownerReferences: [owner] }));
      await eventually(
        async () => (await fixture.cluster.get(pods, key('orphan'))) === undefined,
        'a child without a parent is gone',
      );
    });

    it('takes the children of one UID, not those of a namesake', async () => {
      const old = await createRun();
      await fixture.cluster.delete(trainingRuns, key('run'));
      const namesake = await createRun();
      await fixture.cluster.create(pods, pod({ ...key('orphan'), ownerReferences: [ownedBy(old)] }));
      await fixture.cluster.create(pods, pod({ ...key('child'), ownerReferences: [ownedBy(namesake)] }));
      await eventually(
        async () => (await fixture.cluster.get(pods, key('orphan'))) === undefined,
        'a child of a run that is gone is gone',
      );
      expect(await fixture.cluster.get(pods, key('child'))).toBeDefined();
    });
  });
}
