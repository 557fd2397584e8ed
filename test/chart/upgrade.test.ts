import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { GangWorld } from '../integration/gang-world.ts';
import { createAuditLog } from '../operator/audit-log.ts';
import { operatorUser, kubectl, writeOperatorKubeconfig } from '../operator/install.ts';
import { watchInvariants } from '../operator/invariants.ts';
import { managerProgram, startManager, type ManagerProcess } from '../operator/manager.ts';
import { createNode } from '../operator/nodes.ts';
import { checkOutBaseline, hasBaseline } from './baseline.ts';
import { createRestrictedNamespaces, helmOn, releaseNamespace } from './cluster.ts';
import { chartFolder } from './helm.ts';

/*
 * Two versions of the chart and the operator on a real control plane with live runs: the baseline, and the working tree
 * with one more field in the CRD, as the next version may have. The operators are processes here; the Deployments of
 * the releases have no replicas.
 */

/** Without it, as in a shallow clone, the test is skipped. */
const isThere = await hasBaseline();
/** A field of the next version, with a default that the API server gives every run at once. */
const newField = { type: 'integer', default: 1 };

let world: GangWorld;
let baseline: Awaited<ReturnType<typeof checkOutBaseline>>;
let nextChart: string;
let operators = 0;
/** Ended in the opposite order, also after a beginning that failed half-way. */
const closing = new AsyncDisposableStack();

const release = (command: 'install' | 'upgrade', chart: string, ...args: string[]) =>
  helmOn(world.controlPlane, [command, 'ringmaster', chart, '--set=replicas=0', ...args]);

/** The chart of the working tree whose CRD of runs has one more field. */
async function makeNextChart(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-next-chart-'));
  await cp(chartFolder, folder, { recursive: true });
  const file = join(folder, 'files/crds/trainingruns.ringmaster.dev.yaml');
  const crd = load(await readFile(file, 'utf8')) as {
    spec: {
      versions: {
        schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, object> } } } };
      }[];
    };
  };
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  version.schema.openAPIV3Schema.properties.spec.properties.fromTheNextVersion = newField;
  await writeFile(file, dump(crd, { noRefs: true }));
  return folder;
}

/** The operator of a version, which has begun. */
async function startOperator(
  program: string,
  place: { kubeconfig: string; folder: string },
): Promise<ManagerProcess> {
  operators += 1;
  const flags = ['--no-leader-election'];
  const manager = await startManager({ name: `operator-${operators}`, program, flags, ...place });
  closing.defer(() => manager.child.kill());
  await manager.says('the controllers have seen everything and begin');
  return manager;
}

/** Puts the operator of a version in the place of the one that runs, as a Deployment does. */
async function replaceOperator(program: string): Promise<void> {
  await world.manager.stop();
  await world.useManager(
    await startOperator(program, { kubeconfig: world.operatorKubeconfig, folder: world.folder }),
  );
}

beforeAll(async () => {
  if (!isThere) return;
  baseline = await checkOutBaseline();
  closing.defer(() => baseline.dispose());
  nextChart = await makeNextChart();
  closing.defer(() => rm(nextChart, { recursive: true, force: true }));
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-upgrade-'));
  const audit = await createAuditLog(folder);
  const controlPlane = await startControlPlane({
    apiServerFlags: [...audit.apiServerFlags],
    controllerManagerFlags: ['--controllers=*,-node-lifecycle-controller,-nodeipam'],
  });
  closing.defer(() => controlPlane.close());
  for (const name of ['node-1', 'node-2']) await createNode(controlPlane, name);
  await createRestrictedNamespaces(controlPlane, [releaseNamespace]);
  await helmOn(controlPlane, [
    'install',
    'ringmaster',
    join(baseline.folder, 'charts/ringmaster'),
    '--set=replicas=0',
  ]);
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  const operatorKubeconfig = await writeOperatorKubeconfig(controlPlane);
  const cluster = await openRealCluster(controlPlane);
  const invariants = await watchInvariants(cluster);
  const manager = await startOperator(oldProgram(), { kubeconfig: operatorKubeconfig, folder });
  world = new GangWorld({ controlPlane, cluster, audit, operatorKubeconfig, invariants, folder, manager });
  closing.defer(() => world.close());
  await world.beginTest();
  closing.defer(() => world.endTest());
});

afterAll(() => closing.disposeAsync());

const oldProgram = () => join(baseline.folder, 'operator/cli/main.ts');

/**
 * Everything of a run that an upgrade must leave. A newer operator may say more in a status, and other things in
 * conditions.
 */
async function stateOf(name: string): Promise<{ metadata: object; spec: object; status: object }> {
  const { metadata, spec, status } = await world.run(name);
  const lasting: Record<string, unknown> = { ...metadata };
  delete lasting.resourceVersion;
  delete lasting.managedFields;
  return {
    metadata: lasting,
    spec: { ...spec, fromTheNextVersion: undefined },
    status: { ...status, conditions: status?.conditions?.map(({ type, status: is }) => `${type} ${is}`) },
  };
}

const podUids = async (name: string) => (await world.pods(name)).map(({ metadata }) => metadata.uid);

/** What the operators have made, changed and deleted so far, but for what they say in statuses and events. */
async function writes(): Promise<string[]> {
  return (await world.audit.requests())
    .filter(({ user, verb }) => user === operatorUser && !['get', 'list', 'watch'].includes(verb))
    .filter(({ resource }) => resource !== 'events' && !resource.endsWith('/status'))
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
}

const storedField = async (name: string) =>
  (
    await kubectl(world.controlPlane, [
      'get',
      'trainingrun',
      name,
      `-n=${world.namespace}`,
      '-o=jsonpath={.spec.fromTheNextVersion}',
    ])
  ).trim();

describe.runIf(isThere)('an upgrade and the way back, with live runs', () => {
  it('restart no pod, change nothing that was not due, and lose no field', async () => {
    const { cluster, namespace } = world;
    // A CRD that changes ends the watches of its kind.
    world.expectedWarnings.push(/a watch begins again/);
    // One that trains, one that is suspended, one that is over, and a sweep with a trial that trains.
    await world.submitRunning('trains');
    await world.submitRunning('rests');
    await world.patchSpec('rests', { suspend: true });
    await world.endDying('rests', '1-0', '1-1');
    await world.reaches('rests', 'Suspended');
    await world.submitRunning('ended');
    for (const pod of ['ended-1-0', 'ended-1-1']) await world.endPod(pod);
    await world.reaches('ended', 'Succeeded');
    await cluster.create(resourceTypes.trainingSweeps, {
      ...searchManifest({ maxTrials: 1 }),
      metadata: { namespace, name: 'tricks' },
    } as never);
    await world.takeToRunning('tricks-0', 1);
    await world.settles();
    const names = ['trains', 'rests', 'ended', 'tricks-0'];
    const before = await Promise.all(names.map(stateOf));
    const pods = await Promise.all(names.map(podUids));
    const written = await writes();

    // The CRDs come first: the older operator sees a field that it does not know in every run.
    await release('upgrade', nextChart);
    await until('the API server serves the new field', async () =>
      (await storedField('trains')) === '1' ? true : undefined,
    );
    await world.settles();
    await replaceOperator(managerProgram);
    await world.settles();
    expect(await writes()).toEqual(written);
    expect(await Promise.all(names.map(stateOf))).toMatchObject(before);
    expect(await Promise.all(names.map(podUids))).toEqual(pods);

    // The next version is in charge, and its field is used.
    await world.patchSpec('trains', { fromTheNextVersion: 7 });
    await world.endPod('trains-1-0', { exitCode: 70 });
    await world.endDying('trains', '1-1');
    await world.takeToRunning('trains', 2);
    await world.settles();

    // Back, with the newer CRDs left in place.
    const podsThen = await podUids('trains');
    await release('upgrade', join(baseline.folder, 'charts/ringmaster'), '--set=crds.install=false');
    await replaceOperator(oldProgram());
    await world.settles();
    expect(await podUids('trains')).toEqual(podsThen);
    await world.patchSpec('trains', { suspend: true });
    await world.endDying('trains', '2-0', '2-1');
    await world.reaches('trains', 'Suspended');
    expect(await storedField('trains')).toBe('7');

    // Back as Helm has it, with the older CRDs: only what they do not know goes.
    await release('upgrade', nextChart);
    await helmOn(world.controlPlane, ['rollback', 'ringmaster', '1']);
    await until('the new field is gone', async () =>
      (await storedField('trains')) === '' ? true : undefined,
    );
    await world.settles();
    expect(await stateOf('trains')).toMatchObject({
      spec: { ...before[0]?.spec, suspend: true },
      status: { phase: 'Suspended', attempt: 2, restarts: { total: 1 } },
    });
    expect(await podUids('tricks-0')).toEqual(pods[3]);
  });
});
