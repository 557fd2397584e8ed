import { apiVersion, trainingRunKind } from '../../../operator/api/v1alpha1/group.ts';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import { resourceTypes } from '../../../operator/cluster/cluster.ts';
import { createNamespace } from '../../control-plane/real-cluster.ts';
import { until } from '../../control-plane/until.ts';
import { operatorUser } from '../../operator/install.ts';
import { lastingPrefix } from '../../operator/kwok.ts';
import { openMeasuredWorld, usageOf, type MeasuredWorld } from './measured-world.ts';
import { startRunClock } from './run-times.ts';

/** Pods of every run. */
const podsPerRun = 2;

export interface ControlLoopOptions {
  /** How many runs to make at once, one measurement for each. */
  readonly runCounts: readonly number[];
  /** How many runs to make one after the other. */
  readonly oneByOne: number;
  readonly report: (line: string) => void;
}

/** Measures the operator on a real API server with fake nodes. */
export async function benchControlLoop(options: ControlLoopOptions): Promise<unknown> {
  const { report } = options;
  const alone = await inWorld((world) => runsOneByOne(world, options.oneByOne));
  report(`one at a time: ${JSON.stringify(alone)}`);
  const restart = await inWorld((world) => gangRestarts(world, 10));
  report(`restart: ${JSON.stringify(restart)}`);
  const together: unknown[] = [];
  for (const count of options.runCounts) {
    const figures = await inWorld((world) => runsTogether(world, count));
    report(`${String(count)} at once: ${JSON.stringify(figures)}`);
    together.push(figures);
  }
  return { podsPerRun, oneAtATime: alone, gangRestart: restart, together };
}

async function inWorld<T>(measure: (world: MeasuredWorld) => Promise<T>): Promise<T> {
  const world = await openMeasuredWorld();
  try {
    return await measure(world);
  } finally {
    await world.close();
  }
}

/** Each run is made when the one before is done. */
async function runsOneByOne(world: MeasuredWorld, count: number) {
  const namespace = await createNamespace(world.controlPlane, 'alone');
  const clock = startRunClock(world.cluster, namespace);
  const firstPod: number[] = [];
  const secondPod: number[] = [];
  const bothRunning: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `run-${String(index)}`;
    const sinceMs = performance.now();
    await world.cluster.create(resourceTypes.trainingRuns, aRun(namespace, name));
    const times = clock.of(name);
    await until(`${name} is done`, () => times.succeededAtMs, { timeoutMs: 60_000, everyMs: 5 });
    firstPod.push((times.podsAtMs[0] ?? NaN) - sinceMs);
    secondPod.push((times.podsAtMs[1] ?? NaN) - sinceMs);
    bothRunning.push((times.runningAtMs[1] ?? NaN) - sinceMs);
  }
  await clock.close();
  return {
    runs: count,
    firstPodMs: quantiles(firstPod),
    secondPodMs: quantiles(secondPod),
    bothRunningMs: quantiles(bothRunning),
    requestsPerRun: await requestsPerRun(world, count),
  };
}

/** A pod of a running gang fails; how long until the whole next gang exists. */
async function gangRestarts(world: MeasuredWorld, count: number) {
  const namespace = await createNamespace(world.controlPlane, 'restart');
  const clock = startRunClock(world.cluster, namespace);
  const name = `${lastingPrefix}-run`;
  await world.cluster.create(resourceTypes.trainingRuns, aRun(namespace, name));
  const times = clock.of(name);
  const tookMs: number[] = [];
  for (let attempt = 1; attempt <= count; attempt += 1) {
    await until(`attempt ${String(attempt)} runs`, async () => {
      const run = await world.cluster.get<TrainingRun>(resourceTypes.trainingRuns, { namespace, name });
      return run?.status?.phase === 'Running' && run.status.attempt === attempt ? true : undefined;
    });
    const sinceMs = performance.now();
    const key = { namespace, name: `${name}-${String(attempt)}-1` };
    await world.cluster.patchStatus(resourceTypes.pods, key, { status: { phase: 'Failed' } });
    const wanted = (attempt + 1) * podsPerRun;
    await until('the next gang exists', () => times.podsAtMs[wanted - 1], { timeoutMs: 60_000, everyMs: 2 });
    tookMs.push((times.podsAtMs[wanted - 1] ?? NaN) - sinceMs);
  }
  await clock.close();
  return { restarts: count, failedToNewGangMs: quantiles(tookMs) };
}

/** All runs are made at once, by 16 hands. */
async function runsTogether(world: MeasuredWorld, count: number) {
  const namespace = await createNamespace(world.controlPlane, 'together');
  const clock = startRunClock(world.cluster, namespace);
  const names = Array.from({ length: count }, (_, index) => `run-${String(index)}`);
  const before = await usageOf(world.manager.child.pid);
  const sinceMs = performance.now();
  const submittedAtMs = new Map<string, number>();
  const queue = [...names];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        submittedAtMs.set(name, performance.now());
        await world.cluster.create(resourceTypes.trainingRuns, aRun(namespace, name));
      }
    }),
  );
  const timeoutMs = 600_000;
  await until(
    'all runs are done',
    () => {
      const done = names.filter((name) => clock.of(name).succeededAtMs !== undefined).length;
      return done === count ? true : undefined;
    },
    { timeoutMs },
  );
  const usage = await usageOf(world.manager.child.pid);
  const all = names.map((name) => clock.of(name));
  const last = (moments: readonly (number | undefined)[]) =>
    seconds(Math.max(...moments.map((moment) => moment ?? NaN)) - sinceMs);
  await clock.close();
  return {
    runs: count,
    allPodsSeconds: last(all.flatMap(({ podsAtMs }) => podsAtMs)),
    allRunningSeconds: last(all.flatMap(({ runningAtMs }) => runningAtMs)),
    allSucceededSeconds: last(all.map(({ succeededAtMs }) => succeededAtMs)),
    podsMade: all.reduce((sum, { podsAtMs }) => sum + podsAtMs.length, 0),
    firstPodMs: quantiles(
      names.map((name) => (clock.of(name).podsAtMs[0] ?? NaN) - (submittedAtMs.get(name) ?? NaN)),
    ),
    requestsPerRun: await requestsPerRun(world, count),
    operator: { cpuSeconds: round(usage.cpuSeconds - before.cpuSeconds), peakMemoryMiB: usage.peakMemoryMiB },
    writesInTheNext30s: await writesWithin(world, 30_000),
  };
}

/** Requests of the operator by verb and resource; leases and watches belong to the process and not to a run. */
async function requestsPerRun(world: MeasuredWorld, runs: number): Promise<Record<string, number>> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { user, verb, resource } of await world.audit.requests()) {
    if (user !== operatorUser || verb === 'watch' || resource === 'leases') continue;
    const key = `${verb} ${resource}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    total += 1;
  }
  return {
    total: round(total / runs),
    ...Object.fromEntries([...counts].sort().map(([key, value]) => [key, round(value / runs)])),
  };
}

async function writesWithin(world: MeasuredWorld, durationMs: number): Promise<number> {
  const since = Date.now();
  await until('the time has passed', () => (Date.now() > since + durationMs ? true : undefined), {
    timeoutMs: durationMs * 2,
    everyMs: 500,
  });
  const requests = await world.audit.requests();
  return requests.filter(
    ({ user, verb, resource, atMs }) =>
      user === operatorUser &&
      resource !== 'leases' &&
      atMs > since &&
      !['get', 'list', 'watch'].includes(verb),
  ).length;
}

function aRun(namespace: string, name: string): TrainingRun {
  const run: unknown = {
    apiVersion,
    kind: trainingRunKind,
    metadata: { namespace, name },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      trainers: { pods: podsPerRun, gpusPerPod: 8 },
      failurePolicy: { maxRestarts: 1000, backoff: { initial: '0s', max: '0s' } },
    },
  };
  // As a user writes it; the server fills in the rest.
  return run as TrainingRun;
}

function quantiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function seconds(durationMs: number): number {
  return round(durationMs / 1000);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
