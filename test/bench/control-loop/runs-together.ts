import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespace } from '../../control-plane/real-cluster.ts';
import { until } from '../../control-plane/until.ts';
import { builtInUsers } from '../../control-plane/users.ts';
import { usageOf, type MeasuredWorld, type Usage } from './measured-world.ts';
import { quantiles, round, type Quantiles } from './quantiles.ts';
import { requestsPerRun, writesSince, type RequestsPerRun } from './requests.ts';
import { startRunClock } from './run-times.ts';

/** How many clients ask for runs at once. */
const clients = 16;
/** For how long after the last run is done requests still count for the runs: events are sent late. */
const lateRequestsMs = 3_000;
/** For how long an operator with nothing to do is watched, where it is. */
const idleMs = 30_000;

/** How an operator did with many runs at once; times are since the first was asked for. */
export interface TogetherFigures {
  readonly runs: number;
  readonly allPodsSeconds: number;
  readonly allRunningSeconds: number;
  readonly allSucceededSeconds: number;
  readonly podsMade: number;
  /** Since that run was asked for. */
  readonly firstPodMs: Quantiles;
  readonly requestsPerRun: RequestsPerRun;
  /** Of its process; the Job controller, which works for JobSet, is a part of another and not counted. */
  readonly manager: Usage;
  /** Its own, and those of who makes its pods, in the 30 s after the last run was done; where it was watched so long. */
  readonly writesInTheNext30s?: number;
}

/** All runs are made at once. */
export async function runsTogether(
  world: MeasuredWorld,
  count: number,
  isWatchedAfterwards: boolean,
): Promise<TogetherFigures> {
  const { contestant, cluster } = world;
  const namespace = await createNamespace(world.controlPlane, 'together');
  const clock = startRunClock(cluster, namespace, contestant);
  const names = Array.from({ length: count }, (_, index) => `run-${String(index)}`);
  const before = await usageOf(world.manager.pid);
  const window = { sinceMs: Date.now(), runs: count, benchUser: builtInUsers.admin.name };
  const sinceMs = performance.now();
  const submittedAtMs = new Map<string, number>();
  const queue = [...names];
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        submittedAtMs.set(name, performance.now());
        await cluster.create(contestant.type, contestant.run(namespace, name));
      }
    }),
  );
  const isDone = () => (names.every((name) => clock.of(name).succeededAtMs !== undefined) ? true : undefined);
  await until('all runs are done', isDone, { timeoutMs: 600_000 });
  const doneAtMs = Date.now();
  const usage = await usageOf(world.manager.pid);
  await sleep(isWatchedAfterwards ? idleMs : lateRequestsMs);
  const audited = await world.audit.requests();
  await clock.close();
  const all = names.map((name) => clock.of(name));
  const last = (moments: readonly (number | undefined)[]) =>
    round(Math.max(...moments.map((moment) => moment ?? NaN)) / 1000 - sinceMs / 1000);
  return {
    runs: count,
    allPodsSeconds: last(all.flatMap(({ podsAtMs }) => podsAtMs)),
    allRunningSeconds: last(all.flatMap(({ runningAtMs }) => runningAtMs)),
    allSucceededSeconds: last(all.map(({ succeededAtMs }) => succeededAtMs)),
    podsMade: all.reduce((sum, { podsAtMs }) => sum + podsAtMs.length, 0),
    firstPodMs: quantiles(
      names.map((name) => (clock.of(name).podsAtMs[0] ?? NaN) - (submittedAtMs.get(name) ?? NaN)),
    ),
    requestsPerRun: requestsPerRun(
      audited.filter(({ atMs }) => atMs <= doneAtMs + lateRequestsMs),
      contestant,
      window,
    ),
    manager: { cpuSeconds: round(usage.cpuSeconds - before.cpuSeconds), peakMemoryMiB: usage.peakMemoryMiB },
    ...(isWatchedAfterwards ? { writesInTheNext30s: writesSince(audited, contestant, doneAtMs) } : {}),
  };
}
