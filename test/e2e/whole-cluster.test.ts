import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRestrictedNamespaces, releaseNamespace } from '../chart/cluster.ts';
import { wholeClusterPrograms } from '../control-plane/programs.ts';
import { until } from '../control-plane/until.ts';
import type { Prometheus } from '../monitoring/prometheus.ts';
import { testKeys } from '../s3/server.ts';
import { openWholeCluster, type WholeCluster } from './cluster.ts';
import { images } from './images.ts';
import { ranksOf } from './processes.ts';
import { livePods, nextTag, operatorImages, releaseBy, splitTag } from './release.ts';
import { isIn, manifest, namespace, prepareRuns, runOf, suspend, untilRun } from './runs.ts';
import { startScraping } from './scraping.ts';

/*
 * One story of one release and one run, told in order; each test goes on where the one before ended.
 */

const name = 'clothes';
const { repository, tag } = splitTag(images.operator);

let world: WholeCluster;
let prometheus: Prometheus;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  world = await openWholeCluster();
  closers.push(world.close);
  await world.node.tagImage(images.operator, `${repository}:${nextTag}`);
  await createRestrictedNamespaces(world.controlPlane, [releaseNamespace, namespace]);
  await prepareRuns(world);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

it('installs with Helm into a namespace that admits restricted pods only', async () => {
  await releaseBy(world).install();
  expect(await operatorImages(world)).toEqual([images.operator, images.operator]);
  prometheus = await startScraping(world);
  closers.push(() => prometheus.close());
});

it('trains on two pods of two ranks that find each other by the DNS of the cluster', async () => {
  await world.kubectl(['apply', '-f', '-'], manifest(world, name, 4));
  await untilRun(world, name, 'saves a checkpoint', hasSaved(100));
  const logs = await world.kubectl(['logs', `${name}-1-0`, `--namespace=${namespace}`]);
  expect(logs).toContain('"worldSize":4');
});

it('starts the whole gang again when a rank is killed, and goes on from the last checkpoint', async () => {
  const [rank = 0] = await ranksOf(`${name}-1-1`);
  process.kill(rank, 'SIGKILL');
  const run = await untilRun(
    world,
    name,
    'is in its second attempt',
    (each) => isIn('Running')(each) && each.status?.attempt === 2,
  );
  expect(run.status?.restarts).toMatchObject({ total: 1, charged: 1 });
  expect(run.status?.lastFailure).toMatchObject({ attempt: 1, pod: `${name}-1-1` });
  const first = await until(
    'the new gang says where it begins',
    async () => {
      const logs = await world.kubectl(['logs', `${name}-2-0`, `--namespace=${namespace}`]);
      return /"step":(\d+),[^\n]*"msg":"training continues"/.exec(logs)?.[1];
    },
    { timeoutMs: 120_000, everyMs: 500 },
  );
  expect(Number(first)).toBeGreaterThanOrEqual(100);
});

it('suspends with a checkpoint and no pods, and resumes', async () => {
  await suspend(world, name, true);
  const run = await untilRun(world, name, 'is suspended', isIn('Suspended'));
  expect(await livePods(world, namespace, name)).toEqual([]);
  const savedAt = run.status?.checkpoint?.step ?? 0;
  expect(savedAt).toBeGreaterThanOrEqual(100);
  await suspend(world, name, false);
  await untilRun(world, name, 'runs again', isIn('Running'));
});

it('upgrades and rolls back without touching the pods that train', async () => {
  const before = await livePods(world, namespace, name);
  expect(before).toHaveLength(2);
  await releaseBy(world).upgrade();
  expect(await operatorImages(world)).toEqual([`${repository}:${nextTag}`, `${repository}:${nextTag}`]);
  expect(await livePods(world, namespace, name)).toEqual(before);
  await releaseBy(world).rollback();
  expect(await operatorImages(world)).toEqual([`${repository}:${tag}`, `${repository}:${tag}`]);
  const run = await untilRun(world, name, 'succeeds', isIn('Succeeded'));
  expect(run.status?.restarts).toMatchObject({ total: 1, charged: 1 });
  expect(run.status?.result?.top1).toBeGreaterThan(0.8);
});

it('is scraped by Prometheus as the shipped PodMonitors say', async () => {
  const jobs = await prometheus.everSince('up == 1');
  const told = jobs.map(
    ({ labels: { job, namespace: place, run } }) => `${job ?? ''} ${place ?? ''} ${run ?? ''}`,
  );
  expect(told).toContain(`ringmaster-operator ${releaseNamespace} `);
  expect(told).toContain(`ringmaster-trainer ${namespace} ${name}`);
  for (const metric of ['ringmaster_run_phase', 'ringmaster_trainer_step_seconds_count'])
    expect(await prometheus.everSince(`${metric}{namespace="${namespace}"}`)).not.toEqual([]);
});

it('shows the keys to the storage in no log, event or status', async () => {
  const everywhere = await Promise.all([
    world.kubectl([
      'logs',
      '--selector=app.kubernetes.io/name=ringmaster',
      `--namespace=${releaseNamespace}`,
      '--tail=-1',
    ]),
    world.kubectl([
      'logs',
      '--selector=app.kubernetes.io/component=trainer',
      `--namespace=${namespace}`,
      '--tail=-1',
    ]),
    world.kubectl(['get', 'trainingruns,pods,events', '--all-namespaces', '--output=json']),
  ]);
  for (const text of everywhere) {
    expect(text.length).toBeGreaterThan(100);
    expect(text.includes(testKeys.secretAccessKey)).toBe(false);
  }
});

it('leaves runs where they are when it is uninstalled, and finds them with the other Helm', async () => {
  const { metadata } = await runOf(world, name);
  await releaseBy(world).uninstall();
  expect((await runOf(world, name)).metadata.uid).toBe(metadata.uid);
  const { helm3 } = await wholeClusterPrograms();
  const byHelm3 = releaseBy(world, helm3);
  await byHelm3.install();
  await byHelm3.upgrade();
  expect(await operatorImages(world)).toEqual([`${repository}:${nextTag}`, `${repository}:${nextTag}`]);
  await byHelm3.rollback();
  expect(await operatorImages(world)).toEqual([images.operator, images.operator]);
  await byHelm3.uninstall();
  expect((await runOf(world, name)).metadata.uid).toBe(metadata.uid);
});

function hasSaved(step: number) {
  return ({ status }: Awaited<ReturnType<typeof runOf>>) => (status?.checkpoint?.step ?? 0) >= step;
}
