import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../operator/api/wire.ts';
import { resourceTypes, type Cluster, type WatchEvent } from '../../operator/cluster/cluster.ts';
import {
  eventOf,
  eventually,
  headlessService,
  ownedBy,
  pod,
  refusalOf,
  startWatch,
  summary,
  trainingRun,
  type ContractWorld,
} from './contract-world.ts';

const { trainingRuns, pods, services, events } = resourceTypes;

/**
 * What every adapter of the Cluster port promises. It is run on the embedded adapter and on a real API server with its
 * controllers, so it asserts only what both can do.
 */
export function describeCluster(name: string, open: () => Promise<ContractWorld>): void {
  describe(name, () => {
    let world: ContractWorld;
    let cluster: Cluster;
    let namespace: string;

    beforeAll(async () => {
      world = await open();
      cluster = world.cluster;
    });

    beforeEach(async () => {
      namespace = await world.newNamespace();
    });

    afterAll(async () => {
      await world.close();
    });

    const key = (objectName: string) => ({ namespace, name: objectName });
    const versionOf = (object: KubernetesObject | undefined) => object?.metadata.resourceVersion ?? '';
    const createRun = (runName = 'run', spec = {}) =>
      cluster.create(trainingRuns, trainingRun(key(runName), spec));
    const createPod = (podName = 'pod', spec = {}, metadata = {}) =>
      cluster.create(pods, pod({ ...key(podName), ...metadata }, spec));

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
        expect(await cluster.get(trainingRuns, key('run'))).toEqual(created);
        expect(await cluster.list(trainingRuns, { namespace })).toEqual([created]);
      });

      it('ignores a UID, generation and moment of creation that the client says', async () => {
        const said = { uid: 'mine', generation: 7, creationTimestamp: '2001-01-01T00:00:00Z' };
        const { metadata } = await cluster.create(trainingRuns, trainingRun({ ...key('run'), ...said }));
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
        await cluster.create(services, headlessService(key('same')));
        const elsewhere = await world.newNamespace();
        const other = await cluster.create(trainingRuns, trainingRun({ namespace: elsewhere, name: 'same' }));
        expect(other.metadata.namespace).toBe(elsewhere);
      });

      it('makes a name from a prefix', async () => {
        const metadata = { namespace, name: '', generateName: 'sweep-' };
        const names = await Promise.all(
          [1, 2, 3].map(async () => (await cluster.create(pods, pod(metadata))).metadata.name),
        );
        for (const generated of names) expect(generated).toMatch(/^sweep-[a-z0-9]{5}$/);
        expect(new Set(names).size).toBe(3);
      });

      it('refuses a name that could not be part of a host name', async () => {
        const refusal = await refusalOf(cluster.create(pods, pod(key('Not_A_Name'))));
        expect(refusal.reason).toBe('Invalid');
        expect(refusal.fields.map(({ path }) => path)).toContain('metadata.name');
      });

      it('refuses an object that says which version it has', async () => {
        const metadata = { ...key('run'), resourceVersion: '1' };
        expect((await refusalOf(cluster.create(trainingRuns, trainingRun(metadata)))).reason).toBe(
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
        expect((await cluster.create(trainingRuns, run)).status?.phase).toBeUndefined();
      });

      it('gives a new pod the phase Pending, whatever it says', async () => {
        const running = { ...pod(key('pod')), status: { phase: 'Running' as const } };
        expect((await cluster.create(pods, running)).status?.phase).toBe('Pending');
      });

      it('keeps events', async () => {
        const created = await cluster.create(events, eventOf(await createRun(), key('run.1')));
        expect(await cluster.list(events, { namespace })).toContainEqual(created);
        expect(created).toMatchObject({ reason: 'GangStarting', note: 'the gang starts', type: 'Normal' });
      });
    });

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
        expect(await cluster.get(trainingRuns, key('run'))).toBeUndefined();
      });

      it('also checks a patch, and leaves the run as it was', async () => {
        const run = await createRun();
        const refusal = await refusalOf(
          cluster.patch(trainingRuns, key('run'), { spec: { model: { variant: 'E' } } }),
        );
        expect(refusal.fields.map(({ path }) => path)).toEqual(['spec.model.variant']);
        expect(await cluster.get(trainingRuns, key('run'))).toEqual(run);
      });

      it('does not let a run go from one manager to another', async () => {
        await createRun();
        const refusal = await refusalOf(
          cluster.patch(trainingRuns, key('run'), { spec: { managedBy: 'example.com/other' } }),
        );
        expect(refusal.reason).toBe('Invalid');
        expect(refusal.message).toContain('managedBy cannot be changed');
      });

      it('checks the status by its schema too', async () => {
        await createRun();
        const refusal = await refusalOf(
          cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Dancing' } }),
        );
        expect(refusal.reason).toBe('Invalid');
        expect(refusal.fields.map(({ path }) => path)).toEqual(['status.phase']);
      });
    });

    describe('get and list', () => {
      it('find nothing where there is nothing', async () => {
        expect(await cluster.get(trainingRuns, key('none'))).toBeUndefined();
        expect(await cluster.list(trainingRuns, { namespace })).toEqual([]);
      });

      it('keep to the namespace that is asked for', async () => {
        await createRun();
        const elsewhere = await world.newNamespace();
        expect(await cluster.list(trainingRuns, { namespace: elsewhere })).toEqual([]);
        expect(await cluster.get(trainingRuns, { namespace: elsewhere, name: 'run' })).toBeUndefined();
      });

      it('see all namespaces when none is asked for', async () => {
        await createRun();
        const all = await cluster.list(trainingRuns);
        expect(all.some(({ metadata }) => metadata.namespace === namespace)).toBe(true);
      });

      it('select by all labels that are given', async () => {
        await createPod('both', {}, { labels: { app: 'a', tier: 'x' } });
        await createPod('one', {}, { labels: { app: 'a' } });
        await createPod('other', {}, { labels: { app: 'a', tier: 'y' } });
        const selected = await cluster.list(pods, { namespace, labels: { app: 'a', tier: 'x' } });
        expect(selected.map(({ metadata }) => metadata.name)).toEqual(['both']);
      });

      it('give objects that can be changed without changing what is stored', async () => {
        await createRun();
        const mine = await cluster.get(trainingRuns, key('run'));
        if (mine !== undefined) mine.spec.suspend = true;
        expect((await cluster.get(trainingRuns, key('run')))?.spec.suspend).toBe(false);
      });
    });

    describe('patch', () => {
      it('merges objects, removes what is null and replaces lists', async () => {
        const env = (variable: string) => ({ name: variable, value: 'x' });
        await createRun('run', { activeDeadline: '2h', trainers: { env: [env('A'), env('B')] } });
        const patch = { spec: { activeDeadline: null, trainers: { env: [env('C')] }, suspend: true } };
        const { spec } = await cluster.patch(trainingRuns, key('run'), patch);
        expect(spec.activeDeadline).toBeUndefined();
        expect(spec.trainers.env).toEqual([env('C')]);
        expect(spec.trainers.gpusPerPod).toBe(8);
        expect(spec.suspend).toBe(true);
      });

      it('puts the default back where a field is removed', async () => {
        await createRun('run', { failurePolicy: { maxRestarts: 9 } });
        const patch = { spec: { failurePolicy: { maxRestarts: null } } };
        expect((await cluster.patch(trainingRuns, key('run'), patch)).spec.failurePolicy.maxRestarts).toBe(3);
      });

      it('raises the version, and the generation when the spec changes', async () => {
        const run = await createRun();
        const labelled = await cluster.patch(trainingRuns, key('run'), {
          metadata: { labels: { team: 'a' } },
        });
        expect(labelled.metadata.generation).toBe(1);
        expect(Number(versionOf(labelled))).toBeGreaterThan(Number(versionOf(run)));
        const suspended = await cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
        expect(suspended.metadata.generation).toBe(2);
        expect(suspended.metadata.uid).toBe(run.metadata.uid);
      });

      it('writes nothing when it changes nothing', async () => {
        const run = await createRun();
        const same = await cluster.patch(trainingRuns, key('run'), { spec: { suspend: false } });
        expect(versionOf(same)).toBe(versionOf(run));
      });

      it('leaves the status alone', async () => {
        await createRun();
        await cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Running' } });
        const patched = await cluster.patch(trainingRuns, key('run'), {
          spec: { suspend: true },
          status: { phase: 'Failed' },
        });
        expect(patched.status?.phase).toBe('Running');
        expect(patched.spec.suspend).toBe(true);
      });

      it('finds no object that does not exist', async () => {
        const refusal = await refusalOf(
          cluster.patch(trainingRuns, key('none'), { spec: { suspend: true } }),
        );
        expect(refusal.reason).toBe('NotFound');
        expect(refusal.message).toContain('trainingruns.ringmaster.dev "none" not found');
      });

      it('with the version it was made for succeeds, and with an older one is a conflict', async () => {
        const run = await createRun();
        const resourceVersion = versionOf(run);
        await cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } }, { resourceVersion });
        const refusal = await refusalOf(
          cluster.patch(trainingRuns, key('run'), { spec: { suspend: false } }, { resourceVersion }),
        );
        expect(refusal.reason).toBe('Conflict');
        expect((await cluster.get(trainingRuns, key('run')))?.spec.suspend).toBe(true);
      });

      it('meant for an object of which only the name is left is a conflict', async () => {
        const old = await createRun();
        await cluster.delete(trainingRuns, key('run'));
        await createRun();
        const uid = old.metadata.uid ?? '';
        const refusal = await refusalOf(
          cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } }, { uid }),
        );
        expect(refusal.reason).toBe('Conflict');
      });

      it('lets one of two writers of the same version win', async () => {
        const resourceVersion = versionOf(await createRun());
        const writes = await Promise.allSettled(
          ['a', 'b', 'c'].map((writer) =>
            cluster.patch(
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
        expect((await refusalOf(cluster.patch(pods, key('pod'), patch))).reason).toBe('Invalid');
      });
    });

    describe('patchStatus', () => {
      it('changes the status and nothing else', async () => {
        const run = await createRun();
        const patched = await cluster.patchStatus(trainingRuns, key('run'), {
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
        const patched = await cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Pending' } });
        expect(patched.metadata.generation).toBe(1);
        expect(Number(versionOf(patched))).toBeGreaterThan(Number(versionOf(run)));
      });

      it('merges with the status that is there, and removes what is null', async () => {
        await createRun();
        await cluster.patchStatus(trainingRuns, key('run'), { status: { phase: 'Running', attempt: 1 } });
        const patched = await cluster.patchStatus(trainingRuns, key('run'), {
          status: { attempt: null, observedGeneration: 1 },
        });
        expect(patched.status).toEqual({ phase: 'Running', observedGeneration: 1 });
      });

      it('moves a pod through its phases', async () => {
        await createPod();
        const patched = await cluster.patchStatus(pods, key('pod'), {
          status: { phase: 'Running', podIP: '127.1.2.3' },
        });
        expect(patched.status).toMatchObject({ phase: 'Running', podIP: '127.1.2.3' });
      });

      it('keeps to its preconditions', async () => {
        const resourceVersion = versionOf(await createRun());
        await cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
        const write = cluster.patchStatus(
          trainingRuns,
          key('run'),
          { status: { phase: 'Pending' } },
          { resourceVersion },
        );
        expect((await refusalOf(write)).reason).toBe('Conflict');
      });

      it('finds no object that does not exist', async () => {
        const write = cluster.patchStatus(trainingRuns, key('none'), { status: { phase: 'Pending' } });
        expect((await refusalOf(write)).reason).toBe('NotFound');
      });
    });

    describe('delete', () => {
      it('removes an object', async () => {
        await createRun();
        await cluster.delete(trainingRuns, key('run'));
        expect(await cluster.get(trainingRuns, key('run'))).toBeUndefined();
      });

      it('of an object that is gone is not an error', async () => {
        await expect(cluster.delete(trainingRuns, key('none'))).resolves.toBeUndefined();
      });

      it('of another UID or version is a conflict, and the object stays', async () => {
        const old = await createRun();
        await cluster.patch(trainingRuns, key('run'), { spec: { suspend: true } });
        for (const preconditions of [
          { uid: '00000000-0000-4000-8000-000000000000' },
          { resourceVersion: versionOf(old) },
        ]) {
          const refusal = await refusalOf(cluster.delete(trainingRuns, key('run'), { preconditions }));
          expect(refusal.reason).toBe('Conflict');
        }
        expect(await cluster.get(trainingRuns, key('run'))).toBeDefined();
      });

      it('gives an object made again under the same name another UID', async () => {
        const first = await createRun();
        await cluster.delete(trainingRuns, key('run'));
        expect((await createRun()).metadata.uid).not.toBe(first.metadata.uid);
      });

      it('waits for finalizers, and ends when the last is taken away', async () => {
        const finalizers = ['ringmaster.dev/test'];
        await cluster.create(trainingRuns, trainingRun({ ...key('run'), finalizers }));
        await cluster.delete(trainingRuns, key('run'));
        const waiting = await cluster.get(trainingRuns, key('run'));
        expect(waiting?.metadata.deletionTimestamp).toBeDefined();
        await cluster.patch(trainingRuns, key('run'), { metadata: { finalizers: null } });
        expect(await cluster.get(trainingRuns, key('run'))).toBeUndefined();
      });

      it('in progress admits no new finalizers', async () => {
        const finalizers = ['ringmaster.dev/test'];
        await cluster.create(trainingRuns, trainingRun({ ...key('run'), finalizers }));
        await cluster.delete(trainingRuns, key('run'));
        const patch = { metadata: { finalizers: [...finalizers, 'ringmaster.dev/another'] } };
        expect((await refusalOf(cluster.patch(trainingRuns, key('run'), patch))).reason).toBe('Invalid');
        await cluster.patch(trainingRuns, key('run'), { metadata: { finalizers: null } });
      });

      it('removes a pod without a node at once', async () => {
        await createPod();
        await cluster.delete(pods, key('pod'));
        expect(await cluster.get(pods, key('pod'))).toBeUndefined();
      });

      it('marks a pod that is on a node, until its node says that it is dead', async () => {
        await createPod('pod', { nodeName: 'some-node', terminationGracePeriodSeconds: 100 });
        await cluster.delete(pods, key('pod'));
        const marked = await cluster.get(pods, key('pod'));
        expect(marked?.metadata.deletionTimestamp).toMatch(/Z$/);
        expect(marked?.metadata.deletionGracePeriodSeconds).toBe(100);
        await cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
        expect(await cluster.get(pods, key('pod'))).toBeUndefined();
      });

      it('may shorten the time that a pod has left, and not lengthen it', async () => {
        await createPod('pod', { nodeName: 'some-node' });
        const graceOf = async (gracePeriodSeconds: number) => {
          await cluster.delete(pods, key('pod'), { gracePeriodSeconds });
          return (await cluster.get(pods, key('pod')))?.metadata.deletionGracePeriodSeconds;
        };
        expect([await graceOf(60), await graceOf(20), await graceOf(90)]).toEqual([60, 20, 20]);
        await cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
      });

      it('lets a pod that is going still report its end', async () => {
        await createPod('pod', { nodeName: 'some-node' });
        await cluster.delete(pods, key('pod'));
        const patched = await cluster.patchStatus(pods, key('pod'), { status: { phase: 'Failed' } });
        expect(patched.status?.phase).toBe('Failed');
        await cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
      });

      it('takes what the object owned with it', async () => {
        const run = await createRun();
        const ownerReferences = [ownedBy(run)];
        await cluster.create(pods, pod({ ...key('child'), ownerReferences }));
        await cluster.create(services, headlessService({ ...key('child'), ownerReferences }));
        await createPod('stranger');
        await cluster.delete(trainingRuns, key('run'));
        await eventually(
          async () =>
            (await cluster.get(pods, key('child'))) === undefined &&
            (await cluster.get(services, key('child'))) === undefined,
          'the children of a deleted run are gone',
        );
        expect(await cluster.get(pods, key('stranger'))).toBeDefined();
      });

      it('leaves what also belongs to another', async () => {
        const [first, second] = [await createRun('first'), await createRun('second')];
        const owners = [ownedBy(first), { ...ownedBy(second), controller: false }];
        await cluster.create(pods, pod({ ...key('shared'), ownerReferences: owners }));
        await cluster.create(pods, pod({ ...key('single'), ownerReferences: [ownedBy(first)] }));
        await cluster.delete(trainingRuns, key('first'));
        await eventually(
          async () => (await cluster.get(pods, key('single'))) === undefined,
          'the child of a deleted run is gone',
        );
        expect((await cluster.get(pods, key('shared')))?.metadata.deletionTimestamp).toBeUndefined();
      });

      it('is made up for when an object names an owner that is not there', async () => {
        const owner = { ...ownedBy(trainingRun(key('never'))), uid: '00000000-0000-4000-8000-000000000000' };
        await cluster.create(pods, pod({ ...key('orphan'), ownerReferences: [owner] }));
        await eventually(
          async () => (await cluster.get(pods, key('orphan'))) === undefined,
          'a child without a parent is gone',
        );
      });

      it('takes the children of one UID, not those of a namesake', async () => {
        const old = await createRun();
        await cluster.delete(trainingRuns, key('run'));
        const namesake = await createRun();
        await cluster.create(pods, pod({ ...key('orphan'), ownerReferences: [ownedBy(old)] }));
        await cluster.create(pods, pod({ ...key('child'), ownerReferences: [ownedBy(namesake)] }));
        await eventually(
          async () => (await cluster.get(pods, key('orphan'))) === undefined,
          'a child of a run that is gone is gone',
        );
        expect(await cluster.get(pods, key('child'))).toBeDefined();
      });
    });

    describe('watch', () => {
      const isSynced = (event: WatchEvent<KubernetesObject>) => event.type === 'synced';
      const isAbout = (text: string) => (event: WatchEvent<KubernetesObject>) => summary(event) === text;

      it('begins with what is there, then says that it is in step', async () => {
        await createRun('a');
        await createRun('b');
        await using watch = startWatch(cluster, trainingRuns, { namespace });
        const seen = await watch.readUntil(isSynced);
        expect(seen.map(summary).sort()).toEqual(['added a', 'added b', 'synced']);
      });

      it('says that it is in step also where there is nothing', async () => {
        await using watch = startWatch(cluster, trainingRuns, { namespace });
        expect((await watch.readUntil(isSynced)).map(summary)).toEqual(['synced']);
      });

      it('tells of every change in the order in which they were made', async () => {
        await using watch = startWatch(cluster, trainingRuns, { namespace });
        await watch.readUntil(isSynced);
        await createRun();
        for (let attempt = 1; attempt <= 20; attempt += 1)
          await cluster.patchStatus(trainingRuns, key('run'), { status: { attempt } });
        await cluster.delete(trainingRuns, key('run'));
        const seen = await watch.readUntil(isAbout('deleted run'));
        expect(seen.map(({ type }) => type)).toEqual([
          'added',
          ...Array<string>(20).fill('modified'),
          'deleted',
        ]);
        const objects = seen.flatMap((event) => (event.type === 'synced' ? [] : [event.object]));
        expect(objects.map(({ status }) => status?.attempt)).toEqual([
          undefined,
          ...Array.from({ length: 20 }, (_, index) => index + 1),
          20,
        ]);
        const versions = objects.map((object) => Number(versionOf(object)));
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      });

      it('misses nothing between what is there and what changes', async () => {
        const writing = (async () => {
          for (let index = 0; index < 20; index += 1) await createPod(`pod-${index}`);
        })();
        await using watch = startWatch(cluster, pods, { namespace });
        const names = new Set<string>();
        await watch.readUntil((event) => {
          if (event.type === 'added') names.add(event.object.metadata.name);
          return names.size === 20;
        });
        await writing;
        expect(names.size).toBe(20);
      });

      it('tells an object that was made again from the one that it replaces', async () => {
        const first = await createRun();
        await using watch = startWatch(cluster, trainingRuns, { namespace });
        await watch.readUntil(isSynced);
        await cluster.delete(trainingRuns, key('run'));
        const second = await createRun();
        const seen = await watch.readUntil(isAbout('added run'));
        expect(seen.map(summary)).toEqual(['deleted run', 'added run']);
        expect(seen.map((event) => (event.type === 'synced' ? '' : event.object.metadata.uid))).toEqual([
          first.metadata.uid,
          second.metadata.uid,
        ]);
      });

      it('keeps to its namespace and labels', async () => {
        const elsewhere = await world.newNamespace();
        await using watch = startWatch(cluster, pods, { namespace, labels: { app: 'trainer' } });
        await watch.readUntil(isSynced);
        await createPod('unlabelled');
        await cluster.create(
          pods,
          pod({ namespace: elsewhere, name: 'elsewhere', labels: { app: 'trainer' } }),
        );
        await createPod('mine', {}, { labels: { app: 'trainer' } });
        expect((await watch.readUntil(() => true)).map(summary)).toEqual(['added mine']);
      });

      it('sees an object come and go as its labels change', async () => {
        await createPod('pod', {}, { labels: { app: 'other' } });
        await using watch = startWatch(cluster, pods, { namespace, labels: { app: 'trainer' } });
        await watch.readUntil(isSynced);
        await cluster.patch(pods, key('pod'), { metadata: { labels: { app: 'trainer' } } });
        await cluster.patch(pods, key('pod'), { metadata: { labels: { app: 'other' } } });
        const seen = await watch.readUntil(isAbout('deleted pod'));
        expect(seen.map(summary)).toEqual(['added pod', 'deleted pod']);
      });

      it('shows a pod that is going before it is gone', async () => {
        await createPod('pod', { nodeName: 'some-node' });
        await using watch = startWatch(cluster, pods, { namespace });
        await watch.readUntil(isSynced);
        await cluster.delete(pods, key('pod'));
        const marked = (await watch.readUntil(isAbout('modified pod'))).at(-1);
        expect(marked?.type === 'modified' && marked.object.metadata.deletionTimestamp).toBeTruthy();
        await cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
        await watch.readUntil(isAbout('deleted pod'));
      });

      it('tells every watcher the same', async () => {
        await using first = startWatch(cluster, trainingRuns, { namespace });
        await using second = startWatch(cluster, trainingRuns, { namespace });
        await Promise.all([first.readUntil(isSynced), second.readUntil(isSynced)]);
        await createRun('a');
        await createRun('b');
        const seen = await Promise.all([first, second].map((watch) => watch.readUntil(isAbout('added b'))));
        expect(seen[0]).toEqual(seen[1]);
      });

      it('shows objects as they were written, whatever the writer does with its copy', async () => {
        await using watch = startWatch(cluster, trainingRuns, { namespace });
        await watch.readUntil(isSynced);
        const mine = await createRun();
        mine.spec.suspend = true;
        const [event] = await watch.readUntil(isAbout('added run'));
        expect(event?.type === 'added' && event.object.spec.suspend).toBe(false);
      });

      it('ends without an error when it is aborted', async () => {
        const stop = new AbortController();
        const seen: string[] = [];
        for await (const event of cluster.watch(trainingRuns, { namespace }, stop.signal)) {
          seen.push(event.type);
          stop.abort();
        }
        expect(seen).toEqual(['synced']);
      });
    });
  });
}
