import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { eventOf, headlessService, pod, refusalOf, trainingRun } from './contract-world.ts';

const { trainingRuns, pods, services, events } = resourceTypes;

export function describeCreate(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('create', () => {
    it('gives an object its UID, version, generation and moment of creation', async () => {
      const { metadata } = await createRun();
      expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/);
      expect(metadata.generation).toBe(1);
      expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('makes an object that get and list then find', async () => {
      const created = await createRun();
      expect(await fixture.cluster.get(trainingRuns, key('run'))).toEqual(created);
      expect(await fixture.cluster.list(trainingRuns, { namespace: fixture.namespace })).toEqual([created]);
    });

    it('ignores a UID, generation and moment of creation that the client says', async () => {
      const said = { uid: 'mine', generation: 7, creationTimestamp: '2001-01-01T00:00:00Z' };
      const { metadata } = await fixture.cluster.create(
        trainingRuns,
        trainingRun({ ...key('run'), ...said }),
      );
      expect(metadata.uid).not.toBe('mine');
      expect(metadata.generation).toBe(1);
      expect(metadata.creationTimestamp).not.toBe('2001-01-01T00:00:00Z');
    });

    it('refuses a name that is taken', async () => {
      await createRun();
      const refusal = await refusalOf(createRun());
      expect(refusal.reason).toBe('AlreadyExists');
      expect(refusal.message).toContain('trainingruns.ringmaster.dev "run" already exists');
    });

    it('allows the same name for another resource and in another namespace', async () => {
      await createRun('same');
      await fixture.cluster.create(services, headlessService(key('same')));
      const elsewhere = await fixture.newNamespace();
      const other = await fixture.cluster.create(
        trainingRuns,
        trainingRun({ namespace: elsewhere, name: 'same' }),
      );
      expect(other.metadata.namespace).toBe(elsewhere);
    });

    it('makes a name from a prefix', async () => {
      const metadata = { namespace: fixture.namespace, name: '', generateName: 'sweep-' };
      const names = await Promise.all(
        [1, 2, 3].map(async () => (await fixture.cluster.create(pods, pod(metadata))).metadata.name),
      );
      for (const generated of names) expect(generated).toMatch(/^sweep-[a-z0-9]{5}$/);
      expect(new Set(names).size).toBe(3);
    });

    it('refuses a name that could not be part of a host name', async () => {
      const refusal = await refusalOf(fixture.cluster.create(pods, pod(key('Not_A_Name'))));
      expect(refusal.reason).toBe('Invalid');
      expect(refusal.fields.map(({ path }) => path)).toContain('metadata.name');
    });

    it('refuses an object that says which version it has', async () => {
      const metadata = { ...key('run'), resourceVersion: '1' };
      expect((await refusalOf(fixture.cluster.create(trainingRuns, trainingRun(metadata)))).reason).toBe(
        'BadRequest',
      );
    });

    it('keeps labels, annotations and fields of a pod that it has no rules for', async () => {
      const metadata = { labels: { app: 'trainer' }, annotations: { note: 'any text, even {"json": 1}' } };
      const spec = { hostname: 'host-0', tolerations: [{ key: 'gpu', operator: 'Exists' }] };
      const created = await createPod('pod', spec, metadata);
      expect(created.metadata).toMatchObject(metadata);
      expect(created.spec.hostname).toBe('host-0');
      expect(created.spec.tolerations).toContainEqual({ key: 'gpu', operator: 'Exists' });
    });

    it('fills in the defaults of a run, also of parts that are not given', async () => {
      const { spec } = await createRun('run', { model: { depth: 18 } });
      expect(spec).toMatchObject({
        suspend: false,
        managedBy: 'ringmaster.dev/operator',
        model: { depth: 18, variant: 'D', stem: 'imagenet', zeroGamma: true },
        recipe: { preset: 'bag-of-tricks' },
        trainers: { pods: 1, gpusPerPod: 8, terminationGracePeriodSeconds: 120 },
        failurePolicy: { maxRestarts: 3, backoff: { initial: '10s', max: '5m' } },
      });
    });

    it('drops the status of a new run', async () => {
      const run = { ...trainingRun(key('run')), status: { phase: 'Succeeded' as const } };
      expect((await fixture.cluster.create(trainingRuns, run)).status?.phase).toBeUndefined();
    });

    it('gives a new pod the phase Pending, whatever it says', async () => {
      const running = { ...pod(key('pod')), status: { phase: 'Running' as const } };
      expect((await fixture.cluster.create(pods, running)).status?.phase).toBe('Pending');
    });

    it('keeps events', async () => {
      const created = await fixture.cluster.create(events, eventOf(await createRun(), key('run.1')));
      expect(await fixture.cluster.list(events, { namespace: fixture.namespace })).toContainEqual(created);
      expect(created).toMatchObject({ reason: 'GangStarting', note: 'the gang starts', type: 'Normal' });
    });
  });
}
