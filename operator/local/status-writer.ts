import { toTimestamp, type Clock } from '../base/clock.ts';
import type { Pod, PodStatus } from '../api/wire.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { setConditions, type ConditionNow } from './pod-conditions.ts';

/** A new status, with only the conditions that change. */
export interface StatusChange {
  readonly status: Omit<PodStatus, 'conditions'>;
  readonly conditions: readonly ConditionNow[];
}

/** Waits between tries while the API cannot be reached, in milliseconds: 6 seconds in all. */
const retryDelaysMs = [50, 100, 200, 400, 800, 1600, 3200];

/**
 * Writes a pod's status over whatever others write to it meanwhile. Conditions of others are kept.
 * A pod that is gone, or was made again under the same name, is left alone.
 */
export async function writePodStatus(
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  { metadata: { namespace = '', name, uid } }: Pod,
  change: StatusChange,
): Promise<void> {
  const key = { namespace, name };
  await retry(clock, async () => {
    const current = await cluster.get(resourceTypes.pods, key);
    if (current === undefined || current.metadata.uid !== uid) return;
    const { resourceVersion } = current.metadata;
    const conditions = setConditions(
      current.status?.conditions ?? [],
      change.conditions,
      toTimestamp(clock.now()),
    );
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const status = { ...change.status, conditions };
    await cluster.patchStatus(resourceTypes.pods, key, { status }, preconditions);
  });
}

/** Tells the API that nothing of a pod runs any more, so that it can go. */
export async function removePod(
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  { metadata: { namespace = '', name, uid } }: Pod,
): Promise<void> {
  await retry(clock, () =>
    cluster.delete(
      resourceTypes.pods,
      { namespace, name },
      { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) },
    ),
  );
}

async function retry(clock: Clock, call: () => Promise<void>): Promise<void> {
  for (const delayMs of [...retryDelaysMs, undefined]) {
    try {
      await call();
      return;
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return;
      const canHelp = (['Conflict', 'Unavailable', 'TooManyRequests'] as const).some((reason) =>
        isClusterError(error, reason),
      );
      if (delayMs === undefined || !canHelp) throw error;
      await clock.sleep(delayMs);
    }
  }
}
