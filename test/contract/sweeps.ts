import { describe, expect, it } from 'vitest';
import {
  badSweeps,
  repeatingSweeps,
  searchManifest,
} from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { eventually, ownedBy, refusalOf, startWatch, summary, trainingRun } from './contract-world.ts';

const { trainingRuns, trainingSweeps } = resourceTypes;

export function describeSweeps(fixture: ContractFixture): void {
  const { key } = fixture;
  /** Sends a manifest as it is, valid or not. */
  const create = (manifest: object) => fixture.cluster.create(trainingSweeps, manifest as TrainingSweep);
  const createSweep = (spec: object = {}) => create({ ...searchManifest(spec), metadata: key('search') });

  describe('a sweep', () => {
    it('gets its defaults, also those of the runs that it will make', async () => {
      const { spec } = await createSweep();
      expect(spec).toMatchObject({
        suspend: false,
        managedBy: 'ringmaster.dev/operator',
        objective: { metric: 'top1' },
        search: { algorithm: 'random', seed: 0 },
        stopping: { algorithm: 'none' },
        maxFailedTrials: 3,
        budget: {},
        runTemplate: { trainers: { pods: 1, gpusPerPod: 1 }, failurePolicy: { maxRestarts: 3 } },
      });
      expect(spec.parallelism).toBeUndefined();
    });

    it.each(badSweeps.filter(({ field }) => field !== 'metadata.name'))(
      'is refused with $what',
      async ({ manifest, says }) => {
        const refusal = await refusalOf(create({ ...manifest, metadata: key('search') }));
        expect(refusal.reason).toBe('Invalid');
        expect(refusal.message).toContain(says);
      },
    );

    it.each(repeatingSweeps)('is refused with $what', async ({ manifest }) => {
      const refusal = await refusalOf(create({ ...manifest, metadata: key('search') }));
      expect(refusal.reason).toBe('Invalid');
    });

    it('may be extended, and may not become another', async () => {
      await createSweep();
      const extended = await fixture.cluster.patch(trainingSweeps, key('search'), {
        spec: { maxTrials: 20 },
      });
      expect(extended.spec.maxTrials).toBe(20);
      expect(extended.metadata.generation).toBe(2);
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingSweeps, key('search'), { spec: { search: { seed: 7 } } }),
      );
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.message).toContain('search cannot be changed; make a new sweep');
      expect(await fixture.cluster.get(trainingSweeps, key('search'))).toEqual(extended);
    });

    it('takes the rows of its trials as one list', async () => {
      await createSweep();
      const row = { phase: 'Active', changedAt: '2026-01-01T00:00:00Z' };
      const write = (trials: object[]) =>
        fixture.cluster.patchStatus(trainingSweeps, key('search'), { status: { phase: 'Running', trials } });
      await write([{ index: 0, ...row, point: [0.5] }]);
      const trials = [
        { index: 0, ...row, phase: 'Succeeded' },
        { index: 1, ...row },
      ];
      const { status, metadata } = await write(trials);
      expect(status).toEqual({ phase: 'Running', trials });
      expect(metadata.generation).toBe(1);
    });

    it('takes no row of a phase that there is not', async () => {
      await createSweep();
      const trials = [{ index: 0, phase: 'Dancing', changedAt: '2026-01-01T00:00:00Z' }];
      const refusal = await refusalOf(
        fixture.cluster.patchStatus(trainingSweeps, key('search'), { status: { trials } }),
      );
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.fields.map(({ path }) => path.replace('[0]', '.0'))).toEqual(['status.trials.0.phase']);
    });

    it('takes its trials along when it is deleted', async () => {
      const sweep = await createSweep();
      const metadata = { ...key('search-0'), ownerReferences: [ownedBy(sweep)] };
      await fixture.cluster.create(trainingRuns, trainingRun(metadata));
      await fixture.cluster.delete(trainingSweeps, key('search'));
      await eventually(
        async () => (await fixture.cluster.get(trainingRuns, key('search-0'))) === undefined,
        'its trial is gone too',
      );
    });

    it('is told of to those who watch', async () => {
      const { namespace } = fixture;
      await using watcher = startWatch(fixture.cluster, trainingSweeps, { namespace });
      await watcher.readUntil(({ type }) => type === 'synced');
      await createSweep();
      await fixture.cluster.patch(trainingSweeps, key('search'), { spec: { suspend: true } });
      await fixture.cluster.delete(trainingSweeps, key('search'));
      const events = await watcher.readUntil(({ type }) => type === 'deleted');
      expect(events.map(summary)).toEqual(['added search', 'modified search', 'deleted search']);
    });
  });
}
