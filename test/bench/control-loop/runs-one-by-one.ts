import { builtInUsers } from '../../control-plane/users.ts';
import { createNamespace } from '../../control-plane/real-cluster.ts';
import { until } from '../../control-plane/until.ts';
import type { MeasuredWorld } from './measured-world.ts';
import { quantiles, type Quantiles } from './quantiles.ts';
import { requestsPerRun, type RequestsPerRun } from './requests.ts';
import { startRunClock } from './run-times.ts';

/** Times since a run was asked for, while there is no other. */
export interface OneByOneFigures {
  readonly runs: number;
  readonly firstPodMs: Quantiles;
  readonly secondPodMs: Quantiles;
  readonly bothRunningMs: Quantiles;
  readonly requestsPerRun: RequestsPerRun;
}

/** Each run is made when the one before is done. */
export async function runsOneByOne(world: MeasuredWorld, count: number): Promise<OneByOneFigures> {
  const { contestant, cluster } = world;
  const namespace = await createNamespace(world.controlPlane, 'alone');
  const clock = startRunClock(cluster, namespace, contestant);
  const firstPod: number[] = [];
  const secondPod: number[] = [];
  const bothRunning: number[] = [];
  const window = { sinceMs: Date.now(), runs: count, benchUser: builtInUsers.admin.name };
  for (let index = 0; index < count; index += 1) {
    const name = `run-${String(index)}`;
    const sinceMs = performance.now();
    await cluster.create(contestant.type, contestant.run(namespace, name));
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
    requestsPerRun: requestsPerRun(await world.audit.requests(), contestant, window),
  };
}
