import type { ProgressDocument } from '../../../operator/api/trainer/progress.ts';
import { formatTerminationMessage } from '../../../operator/api/trainer/termination-message.ts';
import { labels, trainerContainer } from '../../../operator/api/v1alpha1/group.ts';
import type { CheckpointStatus } from '../../../operator/api/v1alpha1/status.ts';
import type { ContainerState, Pod, PodStatus } from '../../../operator/api/wire.ts';
import { toTimestamp } from '../../../operator/base/clock.ts';
import { epochs, stepsPerEpoch, type TrialNature } from './trials.ts';

type Checkpoint = CheckpointStatus;

/** A trainer in its pod on a node. */
export interface Trainer {
  readonly pod: Pod;
  readonly node: string;
  /** When it trains its first step, all preparations made. */
  readonly startsAtMs: number;
  /** Epochs of the checkpoint that it began from. */
  readonly fromEpoch: number;
  readonly nature: TrialNature;
  readonly address: string;
}

/** Epochs that it has trained, with a fraction, those of its checkpoint among them. */
export function epochAt({ startsAtMs, fromEpoch, nature }: Trainer, nowMs: number): number {
  return Math.min(epochs, fromEpoch + Math.max(0, nowMs - startsAtMs) / nature.epochMs);
}

/** What its container's last checkpoint holds: every epoch saves one. */
export function savedAt(trainer: Trainer, nowMs: number): number {
  return Math.max(trainer.fromEpoch, Math.floor(epochAt(trainer, nowMs)));
}

/** What it answers at `GET /progress`. */
export function progressOf(trainer: Trainer, nowMs: number): ProgressDocument {
  const { metadata } = trainer.pod;
  const saved = savedAt(trainer, nowMs);
  const at = toTimestamp(nowMs);
  return {
    runUid: metadata.labels?.[labels.runUid] ?? '',
    attempt: Number(metadata.labels?.[labels.attempt]),
    state: 'Training',
    lastStepAtMs: nowMs,
    progress: progressAt(trainer, epochAt(trainer, nowMs), at),
    ...(saved === 0 ? {} : { checkpoint: checkpointOf(saved, at) }),
    history: [],
  };
}

function progressAt(
  { nature }: Trainer,
  epoch: number,
  at: string,
): NonNullable<ProgressDocument['progress']> {
  const done = Math.floor(epoch);
  const top1 = nature.top1(done);
  return {
    epoch,
    epochs,
    step: Math.floor(epoch * stepsPerEpoch),
    steps: epochs * stepsPerEpoch,
    percent: Math.floor((100 * epoch) / epochs),
    updatedAt: at,
    ...(done === 0 ? {} : { validation: { epoch: done, top1, top5: top1, loss: 1 - top1 } }),
  };
}

function checkpointOf(epoch: number, at: string): Checkpoint {
  const step = Math.floor(epoch * stepsPerEpoch);
  return { step, epoch, uri: `/checkpoints/step-${step}`, savedAt: at };
}

/** The status of a pod whose trainer runs. */
export function runningStatus({ address }: Trainer, at: string): PodStatus {
  return {
    phase: 'Running',
    podIP: address,
    startTime: at,
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
    containerStatuses: [container({ running: { startedAt: at } }, true)],
  };
}

/** Of one that was told to end and saved a checkpoint where it was, or that trained all its epochs. */
export function endedStatus(trainer: Trainer, nowMs: number, at: string): PodStatus {
  const epoch = epochAt(trainer, nowMs);
  const isComplete = epoch >= epochs;
  const top1 = trainer.nature.top1(epochs);
  const message = formatTerminationMessage({
    reason: isComplete ? 'Completed' : 'Terminated',
    message: '',
    checkpoint: checkpointOf(epoch, at),
    progress: progressAt(trainer, epoch, at),
    ...(isComplete
      ? { result: { top1, top5: top1, epochs, trainSeconds: 0, uri: checkpointOf(epoch, at).uri } }
      : {}),
  });
  const exitCode = isComplete ? 0 : 143;
  return {
    phase: isComplete ? 'Succeeded' : 'Failed',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      container({ terminated: { exitCode, reason: 'Completed', message, finishedAt: at } }, false),
    ],
  };
}

/** Of one whose node is gone: what the pod garbage collector writes before it deletes the pod. */
export const lostStatus: PodStatus = {
  phase: 'Failed',
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' }],
};

/** Of one that finds no room. */
export const unschedulableStatus: PodStatus = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0 nodes are available' },
  ],
};

function container(
  state: ContainerState,
  ready: boolean,
): NonNullable<PodStatus['containerStatuses']>[number] {
  return { name: trainerContainer, ready, restartCount: 0, image: 'trainer', imageID: '', state };
}
