import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { refusalOf } from './contract-world.ts';

const { trainingRuns } = resourceTypes;

export function describeValidation(fixture: ContractFixture): void {
  const { key, createRun } = fixture;

  describe('validation of a run', () => {
    const refuse = (spec: object) => refusalOf(createRun('run', spec));

    it('names the path of a field outside its range', async () => {
      const refusal = await refuse({ failurePolicy: { maxRestarts: -1 } });
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.fields.map(({ path }) => path)).toEqual(['spec.failurePolicy.maxRestarts']);
      expect(refusal.message).toContain('TrainingRun.ringmaster.dev "run" is invalid');
    });

    it('finds several problems at once', async () => {
      const refusal = await refuse({ model: { variant: 'E' }, failurePolicy: { maxRestarts: -1 } });
      const paths = refusal.fields.map(({ path }) => path);
      expect(paths).toContain('spec.model.variant');
      expect(paths).toContain('spec.failurePolicy.maxRestarts');
    });

    it('says what is missing', async () => {
      const refusal = await refuse({ checkpoints: {} });
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.message).toContain('spec.checkpoints.uri');
    });

    it('refuses fields that contradict one another, with the rule in words', async () => {
      const refusal = await refuse({ model: { depth: 50, stem: 'small' } });
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.message).toContain(
        'model.depth must be one of 8, 14, 20, 32, 44, 56 when model.stem is small',
      );
    });

    it('refuses a batch that cannot be shared out among the ranks', async () => {
      const refusal = await refuse({ recipe: { batchSize: 100 }, trainers: { pods: 3, gpusPerPod: 1 } });
      expect(refusal.message).toContain('recipe.batchSize must be a multiple of the number of ranks');
    });

    it('refuses a field that it does not know, by name', async () => {
      const refusal = await refuse({ recipe: { labelSmoothng: 0.1 } });
      expect(['Invalid', 'BadRequest']).toContain(refusal.reason);
      expect(refusal.message).toContain('labelSmoothng');
    });

    it('refuses a name that is too long for the host names made from it', async () => {
      const refusal = await refusalOf(createRun('a'.repeat(51)));
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.message).toContain('metadata.name must be at most 50 characters');
    });

    it('stores nothing of what it refuses', async () => {
      await refuse({ failurePolicy: { maxRestarts: -1 } });
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toBeUndefined();
    });

    it('also checks a patch, and leaves the run as it was', async () => {
      const run = await createRun();
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingRuns, key('run'), { spec: { model: { variant: 'E' } } }),
      );
      expect(refusal.fields.map(({ path }) => path)).toEqual(['spec.model.variant']);
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toEqual(run);
    });

    it('does not let a run go from one manager to another', async () => {
      await createRun();
      const refusal = await refusalOf(
        fixture.cluster.patch(trainingRuns, key('run'), { spec: { managedBy: 'example.com/other' } }),
      );
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.message).toContain('managedBy cannot be changed');
    });

    it('checks the status by its schema too', async () => {
      await createRun();
      const refusal = await refusalOf(
        fixture.cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Dancing' } }),
      );
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.fields.map(({ path }) => path)).toEqual(['status.phase']);
    });
  });
}
