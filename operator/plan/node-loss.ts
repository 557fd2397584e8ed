import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { Pod } from '../api/wire.ts';
import type { Action } from './action.ts';
import { mayBeAlive } from './gang.ts';

/**
 * When a pod that was told to go is deleted by force: `spec.failurePolicy.forceDeleteAfter` after its grace period. A
 * node that lives has killed the pod's processes by then and said so; of one that is silent nobody knows, which is why
 * this is for the user to allow. Whether a late writer did any harm is the checkpoints' fence to prevent.
 */
function forceDeletionAtMs({ failurePolicy }: TrainingRunSpec, pod: Pod): number | undefined {
  // `deletionTimestamp` is the end of the grace period.
  const graceEndsAtMs = fromTimestamp(pod.metadata.deletionTimestamp);
  const isForced = pod.metadata.deletionGracePeriodSeconds === 0;
  if (failurePolicy.forceDeleteAfter === undefined || graceEndsAtMs === undefined) return undefined;
  if (isForced || !mayBeAlive(pod)) return undefined;
  return graceEndsAtMs + parseDurationMs(failurePolicy.forceDeleteAfter);
}

/** Deletions by force that are due. */
export function forcedDeletions(spec: TrainingRunSpec, pods: readonly Pod[], nowMs: number): Action[] {
  return pods
    .filter((pod) => nowMs >= (forceDeletionAtMs(spec, pod) ?? Infinity))
    .map(({ metadata }) => ({
      type: 'deletePod',
      name: metadata.name,
      uid: metadata.uid ?? '',
      gracePeriodSeconds: 0,
    }));
}

/** The moments at which deletions by force become due. */
export function forceDeletionTimes(spec: TrainingRunSpec, pods: readonly Pod[]): (number | undefined)[] {
  return pods.map((pod) => forceDeletionAtMs(spec, pod));
}
