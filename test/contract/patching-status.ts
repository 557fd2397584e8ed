import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { refusalOf, versionOf } from './contract-world.ts';

const { trainingRuns, pods } = resourceTypes;

export function describePatchStatus(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('patchStatus', () => {
    it('changes the status and nothing else', async () => {
      const run = await createRun();
      const patched = await fixture.cluster.patchStatus(trainingRuns, key('run'), {
        metadata: { labels: { sneaked: 'in' } },
        spec: { suspend: true },
        status: { phase: 'Running', attempt: 1 },
      });
      expect(patched.status).toMatchObject({ phase: 'Running', attempt: 1 });
      expect(patched.spec).toEqual(run.spec);
      expect(patched.metadata.labels).toBeUndefined();
    });

    it('leaves the generation as it is and raises the version', async () => {
      const run = await createRun();
      const patched = await fixture.cluster.patchStatus(trainingRuns, key('run'), {
        status: { phase: 'Pending' },
      });
      expect(patched.metadata.generation).toBe(1);
      expect(Number(versionOf(patched))).toBeGreaterThan(Number(versionOf(run)));
    });

    it('merges with the status that is there, and removes what is null', async () => {
      await createRun();
      await fixture.cluster.patchStatus(trainingRuns, key('run'), {
        status: { phase: 'Running', attempt: 1 },
      });
      const patched = await fixture.cluster.patchStatus(trainingRuns, key('run'), {
        status: { attempt: null, observedGeneration: 1 },
      });
      expect(patched.status).toEqual({ phase: 'Running', observedGeneration: 1 });
    });

    it('moves a pod through its phases', async () => {
      await createPod();
      const patched = await fixture.cluster.patchStatus(pods, key('pod'), {
        status: { phase: 'Running', podIP: '127.1.2.3' },
      });
      expect(patched.status).toMatchObject({ phase: 'Running', podIP: '127.1.2.3' });
    });

    it('keeps to its preconditions', async () => {
      const resourceVersion = versionOf(await createRun());
      await fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
      const write = fixture.cluster.patchStatus(
        trainingRuns,
        key('run'),
        { status: { phase: 'Pending' } },
        { resourceVersion },
      );
      expect((await refusalOf(write)).reason).toBe('Conflict');
    });

    it('finds no object that does not exist', async () => {
      const write = fixture.cluster.patchStatus(trainingRuns, key('none'), { status: { phase: 'Pending' } });
      expect((await refusalOf(write)).reason).toBe('NotFound');
    });
  });
}
