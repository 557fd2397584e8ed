import type { ProgressDocument } from '../api/trainer/progress.ts';
import { parseTerminationMessage, type TerminationMessage } from '../api/trainer/termination-message.ts';
import { runReasons } from '../api/v1alpha1/reasons.ts';
import type { ProgressStatus, TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { learnStart, skippedCondition } from './attempt-start.ts';
import { setConditions, type ConditionChange } from './conditions.ts';
import { trainerState, type Gang } from './gang.ts';
import type { ObservedRun } from './observed-run.ts';

/** The status with what the present attempt's trainers said of their progress, live or in their last words. */
export function learnProgress(
  before: TrainingRunStatus,
  gang: Gang,
  observed: ObservedRun,
): TrainingRunStatus {
  const document = presentDocument(observed, gang);
  const lastWords = [
    ...[...gang.members.values()].flatMap(
      (pod) => parseTerminationMessage(trainerState(pod)?.terminated?.message) ?? [],
    ),
    ...(observed.lastWords ?? []),
  ];
  const start = document?.start ?? lastWords.find((words) => words.start !== undefined)?.start;
  const status = learnStart(before, start);
  const progress = newestProgress(document?.progress ?? status.progress, lastWords);
  const checkpoint = newestCheckpoint([
    status.checkpoint,
    document?.checkpoint,
    ...lastWords.map((words) => words.checkpoint),
  ]);
  const result =
    lastWords.find((words) => words.result !== undefined)?.result ?? document?.result ?? status.result;
  const learned: TrainingRunStatus = {
    ...status,
    ...(progress === undefined ? {} : { progress }),
    ...(result === undefined ? {} : { result }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
  const change = skippedCondition(learned) ?? savedCondition(learned);
  if (change === undefined) return learned;
  return { ...learned, conditions: setConditions(learned.conditions, [change], observed) };
}

/** The document, if it is of this run's present attempt: a late answer of an old attempt says nothing. */
function presentDocument({ run, progress }: ObservedRun, gang: Gang): ProgressDocument | undefined {
  return progress?.runUid === run.metadata.uid && progress?.attempt === gang.attempt ? progress : undefined;
}

/** An attempt continues from a checkpoint, so the live figure may be lower than the last known; it counts. */
function newestProgress(
  live: ProgressStatus | undefined,
  lastWords: readonly TerminationMessage[],
): ProgressStatus | undefined {
  return lastWords.reduce(
    (newest, { progress }) =>
      progress !== undefined && progress.step >= (newest?.step ?? 0) ? progress : newest,
    live,
  );
}

/** Checkpoints never go back: training continues from the newest. Of the same step, the later word counts. */
function newestCheckpoint(
  candidates: readonly TrainingRunStatus['checkpoint'][],
): TrainingRunStatus['checkpoint'] {
  return candidates.reduce((newest, candidate) =>
    candidate !== undefined && candidate.step >= (newest?.step ?? 0) ? candidate : newest,
  );
}

function savedCondition({ checkpoint }: TrainingRunStatus): ConditionChange | undefined {
  if (checkpoint === undefined) return undefined;
  return {
    type: 'CheckpointReady',
    status: 'True',
    reason: 'CheckpointSaved',
    message: runReasons.CheckpointSaved,
  };
}

/** Progress of a gang that does not train: what is done stays; a rate or a time to the end would be untrue. */
export function progressAtRest(progress: ProgressStatus, isComplete: boolean): ProgressStatus {
  const atRest = { ...progress };
  delete atRest.etaSeconds;
  if (!isComplete) delete atRest.imagesPerSecond;
  return atRest;
}
