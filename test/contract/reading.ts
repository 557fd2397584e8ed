import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';

const { trainingRuns, pods } = resourceTypes;

export function describeReads(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('get and list', () => {
    it('find nothing where there is nothing', async () => {
      expect(await fixture.cluster.get(trainingRuns, key('none'))).toBeUndefined();
      expect(await fixture.cluster.list(trainingRuns, { namespace: fixture.namespace })).toEqual([]);
    });

    it('keep to the namespace that is asked for', async () => {
      await createRun();
      const elsewhere = await fixture.newNamespace();
      expect(await fixture.cluster.list(trainingRuns, { namespace: elsewhere })).toEqual([]);
      expect(await fixture.cluster.get(trainingRuns, { namespace: elsewhere, name: 'run' })).toBeUndefined();
    });

    it('see all namespaces when none is asked for', async () => {
      await createRun();
      const all = await fixture.cluster.list(trainingRuns);
      expect(all.some(({ metadata }) => metadata.namespace === fixture.namespace)).toBe(true);
    });

    it('select by all labels that are given', async () => {
      await createPod('both', {}, { labels: { app: 'a', tier: 'x' } });
      await createPod('one', {}, { labels: { app: 'a' } });
      await createPod('other', {}, { labels: { app: 'a', tier: 'y' } });
      const selected = await fixture.cluster.list(pods, {
        namespace: fixture.namespace,
        labels: { app: 'a', tier: 'x' },
      });
      expect(selected.map(({ metadata }) => metadata.name)).toEqual(['both']);
    });

    it('give objects that can be changed without changing what is stored', async () => {
      await createRun();
      const mine = await fixture.cluster.get(trainingRuns, key('run'));
      if (mine !== undefined) mine.spec.suspend = true;
      expect((await fixture.cluster.get(trainingRuns, key('run')))?.spec.suspend).toBe(false);
    });
  });
}
