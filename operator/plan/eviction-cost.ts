import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { Workload } from '../api/kueue.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Pod } from '../api/wire.ts';
import type { Action, Annotations } from './action.ts';
import { disruptionAnnotations } from './disruption.ts';
import { mayBeAlive, type Gang } from './gang.ts';

/** Annotations of a Workload: when the newest checkpoint was saved, and of which step it is. */
const savedAtAnnotation = 'ringmaster.dev/checkpoint-saved-at';
const stepAnnotation = 'ringmaster.dev/checkpoint-step';
/**
 * Added to the priority of a Workload when Kueue looks for victims, where its gate PriorityBoost is on.
 * https://github.com/kubernetes-sigs/kueue/tree/main/keps/7990-preemption-cost
 */
const priorityBoostAnnotation = 'kueue.x-k8s.io/priority-boost';

/** Each step of the boost is for twice the training at stake; beyond four windows all are alike. */
const highestBoost = 3;

/** Since when training has been at stake: what an eviction would cost if the save on the way out failed. */
function atStakeSinceMs({ checkpoint, attemptStartedAt }: TrainingRunStatus): number | undefined {
  const startedAtMs = fromTimestamp(attemptStartedAt);
  const savedAtMs = fromTimestamp(checkpoint?.savedAt);
  return startedAtMs === undefined ? savedAtMs : Math.max(startedAtMs, savedAtMs ?? 0);
}

/** Whether the present attempt saved a checkpoint within `trainers.disruptionWindow`. */
function isFresh(spec: TrainingRunSpec, status: TrainingRunStatus, nowMs: number): boolean {
  const savedAtMs = fromTimestamp(status.checkpoint?.savedAt);
  return (
    savedAtMs !== undefined &&
    savedAtMs >= (fromTimestamp(status.attemptStartedAt) ?? 0) &&
    nowMs < savedAtMs + windowMs(spec)
  );
}

/** Brings the annotations of running pods up to date where they follow the checkpoints. */
export function podDisruptionActions(
  { trainers, ...spec }: TrainingRunSpec,
  status: TrainingRunStatus,
  gang: Gang,
  nowMs: number,
): Action[] {
  if (trainers.disruption !== 'AfterCheckpoint' || status.phase !== 'Running') return [];
  const wanted = disruptionAnnotations(trainers, isFresh({ ...spec, trainers }, status, nowMs));
  return [...gang.members.values()]
    .filter((pod) => mayBeAlive(pod) && pod.metadata.deletionTimestamp === undefined)
    .flatMap((pod) => annotate('annotatePod', pod, wanted));
}

/** Tells Kueue how much of a running run's training is at stake, so that it can choose the cheapest victim. */
export function evictionCostActions(
  spec: TrainingRunSpec,
  status: TrainingRunStatus,
  workload: Workload,
  nowMs: number,
): Action[] {
  const { checkpoint } = status;
  const boost = status.phase === 'Running' ? boostOf(spec, status, nowMs) : 0;
  return annotate('annotateWorkload', workload, {
    [priorityBoostAnnotation]: boost === 0 ? null : String(boost),
    ...(checkpoint === undefined
      ? {}
      : { [savedAtAnnotation]: checkpoint.savedAt, [stepAnnotation]: String(checkpoint.step) }),
  });
}

/** When time alone changes what pods and Workload say. */
export function evictionCostDueAtMs(
  spec: TrainingRunSpec,
  status: TrainingRunStatus,
  nowMs: number,
): number[] {
  const sinceMs = atStakeSinceMs(status);
  if (status.phase !== 'Running' || sinceMs === undefined) return [];
  return Array.from({ length: highestBoost }, (_, boost) => sinceMs + windowMs(spec) * 2 ** boost).filter(
    (dueMs) => dueMs > nowMs,
  );
}

/** Never below 0: who waits has none, and must not push out its like. */
function boostOf(spec: TrainingRunSpec, status: TrainingRunStatus, nowMs: number): number {
  const sinceMs = atStakeSinceMs(status);
  if (sinceMs === undefined) return 0;
  const windows = (nowMs - sinceMs) / windowMs(spec);
  return windows < 1 ? 0 : Math.min(highestBoost, Math.floor(Math.log2(windows)) + 1);
}

function windowMs({ trainers }: TrainingRunSpec): number {
  return parseDurationMs(trainers.disruptionWindow);
}

function annotate(
  type: 'annotatePod' | 'annotateWorkload',
  { metadata }: Pod | Workload,
  wanted: Annotations,
): Action[] {
  const present = metadata.annotations ?? {};
  const changed = Object.entries(wanted).filter(([key, value]) => (present[key] ?? null) !== value);
  if (changed.length === 0) return [];
  return [{ type, name: metadata.name, uid: metadata.uid ?? '', annotations: Object.fromEntries(changed) }];
}
