import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { refusalOf, versionOf } from './contract-world.ts';

const { trainingRuns, pods } = resourceTypes;

export function describePatch(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('patch', () => {
    it('merges objects, removes what is null and replaces lists', async () => {
      const env = (variable: string) => ({ name: variable, value: 'x' });
      await createRun('run', { activeDeadline: '2h', trainers: { env: [env('A'), env('B')] } });
      const patch = { spec: { activeDeadline: null, trainers: { env: [env('C')] }, suspend: true } };
      const { spec } = await fixture.cluster.patch(trainingRuns, key('run'), patch);
      expect(spec.activeDeadline).toBeUndefined();
      expect(spec.trainers.env).toEqual([env('C')]);
      expect(spec.trainers.gpusPerPod).toBe(8);
      expect(spec.suspend).toBe(true);
    });

    it('puts the default back where a field is removed', async () => {
      await createRun('run', { failurePolicy: { maxRestarts: 9 } });
      const patch = { spec: { failurePolicy: { maxRestarts: null } } };
      expect(
        (await fixture.cluster.patch(trainingRuns, key('run'), patch)).spec.failurePolicy.maxRestarts,
      ).toBe(3);
    });

    it('raises the version, and the generation when the spec changes', async () => {
      const run = await createRun();
      const labelled = await fixture.cluster.patch(trainingRuns, key('run'), {
        metadata: { labels: { team: 'a' } },
      });
      expect(labelled.metadata.generation).toBe(1);
      expect(Number(versionOf(labelled))).toBeGreaterThan(Number(versionOf(run)));
      const suspended = await fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
      expect(suspended.metadata.generation).toBe(2);
      expect(suspended.metadata.uid).toBe(run.metadata.uid);
    });

    it('writes nothing when it changes nothing', async () => {
      const run = await createRun();
      const same = await fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: false } });
      expect(versionOf(same)).toBe(versionOf(run));
    });

    it('leaves the status alone', async () => {
      await createRun();
      await fixture.cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Running' } });
      const patched = await fixture.cluster.patch(trainingRuns, key('run'), {
        spec: { suspend: true },
        status: { phase: 'Failed' },
      });
      expect(patched.status?.phase).toBe('Running');
      expect(patched.spec.suspend).toBe(true);
    });

    it('finds no object that does not exist', async () => {
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingRuns, key('none'), { spec: { suspend: true } }),
      );
      expect(refusal.reason).toBe('NotFound');
      expect(refusal.message).toContain('trainingruns.ringmaster.dev "none" not found');
    });

    it('with the version it was made for succeeds, and with an older one is a conflict', async () => {
      const run = await createRun();
      const resourceVersion = versionOf(run);
      await fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } }, { resourceVersion });
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: false } }, { resourceVersion }),
      );
      expect(refusal.reason).toBe('Conflict');
      expect((await fixture.cluster.get(trainingRuns, key('run')))?.spec.suspend).toBe(true);
    });

    it('meant for an object of which only the name is left is a conflict', async () => {
      const old = await createRun();
      await fixture.cluster.delete(trainingRuns, key('run'));
      await createRun();
      const uid = old.metadata.uid ?? '';
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } }, { uid }),
      );
      expect(refusal.reason).toBe('Conflict');
    });

    it('lets one of two writers of the same version win', async () => {
      const resourceVersion = versionOf(await createRun());
      const writes = await Promise.allSettled(
        ['a', 'b', 'c'].map((writer) =>
          fixture.cluster.patch(
            trainingRuns,
            key('run'),
            { metadata: { labels: { writer } } },
            { resourceVersion },
          ),
        ),
      );
      expect(writes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('cannot change what a pod runs', async () => {
      await createPod();
      const patch = {
        spec: { containers: [{ name: 'main', image: 'registry.invalid/nothing:1', args: ['x'] }] },
      };
      expect((await refusalOf(fixture.cluster.patch(pods, key('pod'), patch))).reason).toBe('Invalid');
    });
  });
}
