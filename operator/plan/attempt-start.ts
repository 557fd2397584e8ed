import { isDeepStrictEqual } from 'node:util';
import type { AttemptStart } from '../api/trainer/progress.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Announcement } from './action.ts';
import type { ConditionChange } from './conditions.ts';

/**
 * The status with where the present attempt started, once its trainers have said so. A checkpoint that they found
 * damaged is not the newest any more, whatever was known of it before.
 */
export function learnStart(status: TrainingRunStatus, start: AttemptStart | undefined): TrainingRunStatus {
  if (start === undefined) return status;
  const { fromStep, skipped } = start;
  const isKnown =
    status.attemptFromStep === fromStep && isDeepStrictEqual(status.skippedCheckpoints ?? [], skipped);
  if (isKnown) return status;
  const learned = { ...status };
  delete learned.attemptFromStep;
  delete learned.skippedCheckpoints;
  if (skipped.some(({ uri }) => uri === status.checkpoint?.uri)) delete learned.checkpoint;
  return {
    ...learned,
    ...(fromStep === undefined ? {} : { attemptFromStep: fromStep }),
    ...(skipped.length === 0 ? {} : { skippedCheckpoints: skipped }),
  };
}

/** What `CheckpointReady` says of an attempt that has saved nothing since it had to skip checkpoints. */
export function skippedCondition(status: TrainingRunStatus): ConditionChange | undefined {
  const { skippedCheckpoints = [], checkpoint, attemptFromStep = -1 } = status;
  if (skippedCheckpoints.length === 0) return undefined;
  if (checkpoint !== undefined && checkpoint.step > attemptFromStep) return undefined;
  const list = skippedCheckpoints.map(({ uri, why }) => `${uri}: ${why}`);
  return {
    type: 'CheckpointReady',
    status: checkpoint === undefined ? 'False' : 'True',
    reason: 'CheckpointSkipped',
    message: `${describeWhere(status)} Skipped: ${list.join('; ')}`,
  };
}

/** One warning for each checkpoint that the attempt was just found to have skipped. */
export function announceSkipped(before: TrainingRunStatus, after: TrainingRunStatus): Announcement[] {
  const known = before.attempt === after.attempt ? (before.skippedCheckpoints ?? []) : [];
  return (after.skippedCheckpoints ?? [])
    .filter((skipped) => !known.some((other) => isDeepStrictEqual(other, skipped)))
    .map(({ uri, why }) => ({
      type: 'Warning',
      reason: 'CheckpointSkipped',
      message: `${describeWhere(after)} It could not continue from ${uri}: ${why}`,
    }));
}

function describeWhere({ attempt = 1, attemptFromStep }: TrainingRunStatus): string {
  return attemptFromStep === undefined
    ? `Attempt ${attempt} began at the beginning.`
    : `Attempt ${attempt} continued from step ${attemptFromStep}.`;
}
