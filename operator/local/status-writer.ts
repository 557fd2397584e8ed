import { toTimestamp } from '../base/clock.ts';
import type { Pod, PodStatus } from '../api/wire.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { callPatiently, type Patience } from './call-patiently.ts';
import { setConditions, type ConditionNow } from './pod-conditions.ts';

/** A new status, with only the conditions that change. */
export interface StatusChange {
  readonly status: Omit<PodStatus, 'conditions'>;
  readonly conditions: readonly ConditionNow[];
}

/**
 * Writes a pod's status over whatever others write to it meanwhile. Conditions of others are kept.
 * A pod that is gone, or was made again under the same name, is left alone.
 */
export async function writePodStatus(
  { cluster, ...patience }: Patience & { readonly cluster: Cluster },
  { metadata: { namespace = '', name, uid } }: Pod,
  change: StatusChange,
): Promise<void> {
  const key = { namespace, name };
  await callPatiently(patience, async () => {
    const current = await cluster.get(resourceTypes.pods, key);
    if (current === undefined || current.metadata.uid !== uid) return;
    const { resourceVersion } = current.metadata;
    const conditions = setConditions(
      current.status?.conditions ?? [],
      change.conditions,
      toTimestamp(patience.clock.now()),
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
  { cluster, ...patience }: Patience & { readonly cluster: Cluster },
  { metadata: { namespace = '', name, uid } }: Pod,
): Promise<void> {
  await callPatiently(patience, () =>
    cluster.delete(
      resourceTypes.pods,
      { namespace, name },
      { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) },
    ),
  );
}
