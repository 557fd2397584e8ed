import { fromTimestamp } from '../base/clock.ts';
import { parseTerminationMessage, type TerminationMessage } from '../api/trainer/termination-message.ts';
import { podReasons, type PodReason, type TrainerReason } from '../api/v1alpha1/reasons.ts';
import type { Pod } from '../api/wire.ts';
import { isFinished, trainerState } from './gang.ts';

/** How one pod failed, as far as the pod itself tells. */
export interface PodFailure {
  readonly pod: string;
  readonly reason: TrainerReason | PodReason;
  readonly message: string;
  readonly atMs: number;
  /** Exit code of the rank that failed first, or of the container. */
  readonly exitCode?: number;
  /** The rank that failed first, when the trainer could say. */
  readonly rank?: number;
  /** Whether the trainer saved a checkpoint on its way out. */
  readonly hasSaved: boolean;
  /** Types of the pod's conditions that are True. */
  readonly podConditions: readonly string[];
}

/** Reasons of the condition DisruptionTarget, which Kubernetes sets on a pod that it ends for the node's sake. */
const reasonByDisruption: Readonly<Record<string, PodReason>> = {
  PreemptionByScheduler: 'Preempted',
  PreemptionByKubeScheduler: 'Preempted',
  DeletionByTaintManager: 'NodeLost',
  DeletionByPodGC: 'NodeLost',
  EvictionByEvictionAPI: 'Evicted',
  TerminationByKubelet: 'Evicted',
};

/** `status.reason` of a pod whose node ended it, in the kubelet's words and in those of the node agent. */
const reasonByPodReason: Readonly<Record<string, PodReason>> = {
  Evicted: 'Evicted',
  Preempting: 'Preempted',
  NodeLost: 'NodeLost',
  NodeShutdown: 'NodeLost',
  Shutdown: 'NodeLost',
  Terminated: 'Evicted',
  NodeAffinity: 'Evicted',
  OutOfcpu: 'Evicted',
  OutOfmemory: 'Evicted',
  UnexpectedAdmissionError: 'Evicted',
};

/** How the pod failed; `undefined` for one that did not fail and is not being deleted. */
export function readPodFailure(pod: Pod, nowMs: number): PodFailure | undefined {
  const isDeleted = pod.metadata.deletionTimestamp !== undefined && !isFinished(pod);
  if (pod.status?.phase !== 'Failed' && !isDeleted) return undefined;
  const terminated = trainerState(pod)?.terminated;
  const lastWords = parseTerminationMessage(terminated?.message);
  const reason = reasonOf(pod, lastWords, isDeleted);
  const exitCode = lastWords?.exitCode ?? terminated?.exitCode;
  return {
    pod: pod.metadata.name,
    reason,
    message: messageOf(pod, lastWords, reason),
    atMs: (isDeleted ? deletionAskedAtMs(pod) : fromTimestamp(terminated?.finishedAt)) ?? nowMs,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(lastWords?.rank === undefined ? {} : { rank: lastWords.rank }),
    hasSaved: lastWords?.reason === 'Terminated' && lastWords.checkpoint !== undefined,
    podConditions: (pod.status?.conditions ?? [])
      .filter(({ status }) => status === 'True')
      .map(({ type }) => type),
  };
}

/** A pod that was there and is not any more. */
export function vanishedPod(name: string, nowMs: number): PodFailure {
  return {
    pod: name,
    reason: 'PodDeleted',
    message: podReasons.PodDeleted,
    atMs: nowMs,
    hasSaved: false,
    podConditions: [],
  };
}

function reasonOf(
  pod: Pod,
  lastWords: TerminationMessage | undefined,
  isDeleted: boolean,
): TrainerReason | PodReason {
  const disruption = pod.status?.conditions?.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  if (disruption !== undefined) return reasonByDisruption[disruption.reason ?? ''] ?? 'Evicted';
  const byNode = reasonByPodReason[pod.status?.reason ?? ''];
  if (byNode !== undefined) return byNode;
  const terminated = trainerState(pod)?.terminated;
  if (isDeleted) return 'PodDeleted';
  if (terminated?.reason === 'OOMKilled') return 'OutOfMemory';
  if (lastWords !== undefined) return lastWords.reason;
  // 128 + n is death by signal n; the kubelet reports some of them in `signal` alone.
  return terminated !== undefined && (terminated.signal !== undefined || terminated.exitCode > 128)
    ? 'Signalled'
    : 'ExitCode';
}

function messageOf(
  pod: Pod,
  lastWords: TerminationMessage | undefined,
  reason: TrainerReason | PodReason,
): string {
  const terminated = trainerState(pod)?.terminated;
  const isWordOfPod = reason in podReasons;
  const fromPod = pod.status?.message ?? '';
  const fromContainer = lastWords?.message ?? terminated?.message?.trim() ?? '';
  const candidates = isWordOfPod ? [fromPod, fromContainer] : [fromContainer, fromPod];
  const message = candidates.find((text) => text !== '');
  if (message !== undefined) return message.slice(0, 2048);
  return reason in podReasons ? podReasons[reason as PodReason] : '';
}

/** `deletionTimestamp` is when the grace period ends; the deletion was asked for that much earlier. */
function deletionAskedAtMs({ metadata }: Pod): number | undefined {
  const deadlineMs = fromTimestamp(metadata.deletionTimestamp);
  return deadlineMs === undefined
    ? undefined
    : deadlineMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
}
