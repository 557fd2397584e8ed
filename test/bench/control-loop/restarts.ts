import { resourceTypes } from '../../../operator/cluster/cluster.ts';
import { createNamespace } from '../../control-plane/real-cluster.ts';
import { until } from '../../control-plane/until.ts';
import { lastingPrefix } from '../../operator/kwok.ts';
import { podsPerRun } from './contestant.ts';
import type { MeasuredWorld } from './measured-world.ts';
import { quantiles, type Quantiles } from './quantiles.ts';
import { startRunClock } from './run-times.ts';

/** How long after a pod failed there were new ones, in milliseconds. Which, is the difference between operators. */
export type RestartFigures = { readonly restarts: number } & (
  { readonly failedToNewGangMs: Quantiles } | { readonly failedToThatPodReplacedMs: Quantiles }
);

/** A pod of a running gang fails, again and again. */
export async function restarts(world: MeasuredWorld, count: number): Promise<RestartFigures> {
  const { contestant, cluster } = world;
  const { podsPerRestart } = contestant;
  const namespace = await createNamespace(world.controlPlane, 'restart');
  const clock = startRunClock(cluster, namespace, contestant);
  const name = `${lastingPrefix}-run`;
  await cluster.create(contestant.type, contestant.run(namespace, name));
  const times = clock.of(name);
  const tookMs: number[] = [];
  for (let restart = 0; restart < count; restart += 1) {
    const present = podsPerRun + restart * podsPerRestart;
    await until(`all pods of ${name} run after ${String(restart)} restarts`, async () => {
      const run = await cluster.get(contestant.type, { namespace, name });
      return times.runningAtMs.length === present && run !== undefined && contestant.isRunning(run, restart)
        ? true
        : undefined;
    });
    const failing = times.newestPod ?? '';
    const sinceMs = performance.now();
    await cluster.patchStatus(
      resourceTypes.pods,
      { namespace, name: failing },
      { status: { phase: 'Failed' } },
    );
    const last = await until(`${failing} is replaced`, () => times.podsAtMs[present + podsPerRestart - 1], {
      timeoutMs: 60_000,
      everyMs: 2,
    });
    tookMs.push(last - sinceMs);
  }
  await clock.close();
  return podsPerRestart === podsPerRun
    ? { restarts: count, failedToNewGangMs: quantiles(tookMs) }
    : { restarts: count, failedToThatPodReplacedMs: quantiles(tookMs) };
}
