import { parseDurationMs } from '../base/durations.ts';
import { fromTimestamp } from '../base/clock.ts';
import { labels, trainerContainer } from '../api/v1alpha1/group.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { ContainerState, Pod } from '../api/wire.ts';

/** The pods of a run, sorted by attempt. */
export interface Gang {
  /** The present or last attempt; 0 before the first. */
  readonly attempt: number;
  /** Pods that the present attempt needs. Fixed when the attempt starts: an edited spec takes effect with the next. */
  readonly size: number;
  /** Pods of the present attempt by index. */
  readonly members: ReadonlyMap<number, Pod>;
  /** Pods of other attempts. */
  readonly others: readonly Pod[];
  readonly pods: readonly Pod[];
}

/** Sorts out the pods of a run. Pods that another object owns are not the run's, whatever their labels say. */
export function readGang(run: TrainingRun, pods: readonly Pod[], status: TrainingRunStatus): Gang {
  const owned = ownedPods(run, pods);
  const attempt = status.attempt ?? 0;
  const isUnderWay = status.phase !== undefined && !['Pending', 'Queued', 'Suspended'].includes(status.phase);
  const size = (isUnderWay ? status.trainers?.desired : undefined) ?? run.spec.trainers.pods;
  const members = new Map<number, Pod>();
  const others: Pod[] = [];
  for (const pod of owned) {
    const index = numberLabel(pod, labels.podIndex);
    if (attemptOf(pod) === attempt && index !== undefined && !members.has(index)) members.set(index, pod);
    else others.push(pod);
  }
  return { attempt, size, members, others, pods: owned };
}

/** The pods whose controller is this very run, not another of the same name. */
export function ownedPods({ metadata }: TrainingRun, pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) =>
    pod.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === metadata.uid),
  );
}

function numberLabel(pod: Pod, label: string): number | undefined {
  const text = pod.metadata.labels?.[label];
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The attempt that a pod was made for; 0 when its label was tampered with. */
export function attemptOf(pod: Pod): number {
  return numberLabel(pod, labels.attempt) ?? 0;
}

/** Whether the pod's processes have ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Whether the pod's processes may still run: only a pod that is finished or gone cannot train or save any more. */
export function mayBeAlive(pod: Pod): boolean {
  return !isFinished(pod);
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** State of the trainer's container. */
export function trainerState(pod: Pod): ContainerState | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === trainerContainer)?.state;
}

/** Indices of the present attempt that have no pod. */
export function missingIndices({ size, members }: Gang): number[] {
  return Array.from({ length: size }, (_, index) => index).filter((index) => !members.has(index));
}

/** Whether every pod of the gang runs, or ran to its end already. */
export function isWholeGangRunning(gang: Gang): boolean {
  return everyMember(gang, (pod) => pod.status?.phase === 'Running' || pod.status?.phase === 'Succeeded');
}

export function isWholeGangSucceeded(gang: Gang): boolean {
  return everyMember(gang, (pod) => pod.status?.phase === 'Succeeded');
}

function everyMember({ size, members }: Gang, holds: (pod: Pod) => boolean): boolean {
  return Array.from({ length: size }, (_, index) => members.get(index)).every(
    (pod) => pod !== undefined && holds(pod),
  );
}

/**
 * When a gang that is not complete gives its place back, so that two half-placed runs never wait for each other.
 * A gang of which no pod has a node holds nothing and may wait for ever.
 */
export function startTimeoutAtMs(
  spec: TrainingRunSpec,
  status: TrainingRunStatus,
  gang: Gang,
): number | undefined {
  const startedAtMs = fromTimestamp(status.attemptStartedAt);
  if (status.phase !== 'Starting' || startedAtMs === undefined || isWholeGangRunning(gang)) return undefined;
  if (![...gang.members.values()].some((pod) => pod.spec.nodeName !== undefined)) return undefined;
  return startedAtMs + parseDurationMs(spec.failurePolicy.startTimeout);
}

/** Why the first pod that does not run yet does not, in the words of the scheduler or the node. */
export function obstacleOf(gang: Gang): { pod: Pod; reason: string; message: string } | undefined {
  for (const pod of gang.members.values()) {
    const unscheduled = pod.status?.conditions?.find(
      ({ type, status }) => type === 'PodScheduled' && status === 'False',
    );
    const waiting = trainerState(pod)?.waiting;
    const obstacle = unscheduled ?? waiting;
    // A container that is being created waits too, with a reason that explains nothing.
    if (obstacle?.reason === undefined || obstacle.reason === 'ContainerCreating') continue;
    return { pod, reason: obstacle.reason, message: obstacle.message ?? '' };
  }
  return undefined;
}
