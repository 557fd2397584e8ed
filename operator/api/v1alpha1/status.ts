import * as z from 'zod';
import { Timestamp } from './scalars.ts';

export const phases = [
  'Pending',
  'Queued',
  'Starting',
  'Running',
  'Restarting',
  'Suspending',
  'Suspended',
  'Succeeded',
  'Failed',
] as const;
export type Phase = (typeof phases)[number];

export const conditionTypes = [
  'Complete',
  'Failed',
  'Suspended',
  'Running',
  'Restarting',
  'CheckpointReady',
  'Admitted',
  'GangScheduled',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export const Condition = z.object({
  type: z
    .string()
    .max(64)
    .describe(
      'Complete, Failed, Suspended, Running, Restarting, CheckpointReady, Admitted or GangScheduled; for kubectl wait.',
    ),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
  reason: z.string().max(64).describe('Why, in one word that stays the same across releases.'),
  message: z.string().max(2048).describe('Why, for people.'),
  observedGeneration: z.int().optional().describe('Generation of the spec that it is about.'),
  lastTransitionTime: Timestamp.describe('When status last changed.'),
});
export type Condition = z.output<typeof Condition>;

/** How far training is. */
export const ProgressStatus = z.object({
  epoch: z.number().describe('Finished epochs, with a fraction.'),
  epochs: z.number().describe('Epochs to train.'),
  step: z.int().describe('Finished steps.'),
  steps: z.int().describe('Steps to train.'),
  percent: z.int().describe('Share of steps that are finished, rounded down.'),
  imagesPerSecond: z.number().optional().describe('Training images a second over all ranks.'),
  etaSeconds: z.int().optional().describe('Seconds to the end at the present rate.'),
  loss: z.number().optional().describe('Training loss, averaged over the last steps.'),
  learningRate: z.number().optional().describe('Learning rate of the last step.'),
  validation: z
    .object({
      epoch: z.number().describe('Epoch after which it was made.'),
      top1: z.number().describe('Share of images whose class was the first guess, 0 to 1.'),
      top5: z.number().describe('Share of images whose class was among the first five guesses, 0 to 1.'),
      loss: z.number().describe('Mean cross-entropy.'),
    })
    .optional()
    .describe('The last evaluation over the whole validation set.'),
  updatedAt: Timestamp.describe('When the trainer said so.'),
});
export type ProgressStatus = z.output<typeof ProgressStatus>;

/** The newest committed checkpoint. */
export const CheckpointStatus = z.object({
  step: z.int().describe('Steps that it holds.'),
  epoch: z.number().describe('Epochs that it holds, with a fraction.'),
  uri: z.string().max(1024).describe('Its folder; another run may resume from it.'),
  savedAt: Timestamp.describe('When it was complete.'),
  bestUri: z.string().max(1024).optional().describe('Folder of the one with the best validation top-1.'),
});
export type CheckpointStatus = z.output<typeof CheckpointStatus>;

/** Most skipped checkpoints that are named; there are hardly ever two. */
export const mostSkippedNamed = 8;

export const SkippedCheckpoint = z.object({
  uri: z.string().max(1024).describe('Its folder.'),
  why: z.string().max(1024).describe('What is wrong with it, for people.'),
});
export type SkippedCheckpoint = z.output<typeof SkippedCheckpoint>;

export const LastFailure = z.object({
  attempt: z.int().describe('The attempt that it ended.'),
  pod: z.string().max(253).describe('The pod that failed first.'),
  rank: z.int().optional().describe('The rank that failed first, not those that lost it.'),
  reason: z.string().max(64).describe('Why, in one word; failurePolicy.rules match on it.'),
  exitCode: z.int().optional().describe('Exit code of the container, if it ended by itself.'),
  message: z.string().max(2048).describe('Why, for people.'),
  at: Timestamp.describe('When it was seen.'),
});
export type LastFailure = z.output<typeof LastFailure>;

/** What is known of a run. Written by the operator only. */
export const TrainingRunStatus = z.object({
  observedGeneration: z.int().optional().describe('Generation of the spec that the status is about.'),
  phase: z.enum(phases).optional().describe('Where the run is in its life, in one word.'),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe('What is so and why, one of each type.'),
  attempt: z.int().optional().describe('Number of the present or last attempt, from 1.'),
  attemptStartedAt: Timestamp.optional().describe('When the pods of the present attempt were first made.'),
  attemptFromStep: z
    .int()
    .optional()
    .describe('Step of the checkpoint that the present attempt started from; absent when from scratch.'),
  skippedCheckpoints: z
    .array(SkippedCheckpoint)
    .max(mostSkippedNamed)
    .optional()
    .describe(
      'Newer checkpoints that the present attempt did not start from, as they are damaged, unfinished or not of its past; newest first.',
    ),
  nextAttemptAt: Timestamp.optional().describe('When the backoff ends.'),
  restarts: z
    .object({
      total: z.int().describe('Restarts since the run was made.'),
      charged: z.int().describe('Those that count towards maxRestarts.'),
      withoutProgress: z
        .int()
        .optional()
        .describe('Restarts in a row without a new checkpoint; the backoff doubles with each.'),
    })
    .optional()
    .describe('How often the gang was started again.'),
  startTime: Timestamp.optional().describe('When the first pods were made.'),
  completionTime: Timestamp.optional().describe('When the run succeeded or failed.'),
  activeSeconds: z
    .number()
    .optional()
    .describe('Seconds spent not suspended before activeSince; the deadline counts these.'),
  activeSince: Timestamp.optional().describe('Since when the run is not suspended.'),
  progress: ProgressStatus.optional().describe('How far training is; at most a few seconds old.'),
  checkpoint: CheckpointStatus.optional().describe('The newest complete checkpoint.'),
  trainers: z
    .object({
      desired: z.int().describe('Pods that there should be.'),
      ready: z.int().describe('Pods that run and are ready.'),
      failed: z.int().describe('Pods of the present attempt that failed.'),
      selector: z.string().max(1024).describe('Label selector of the pods.'),
    })
    .optional()
    .describe('The pods of the present attempt.'),
  lastFailure: LastFailure.optional().describe('Why the last attempt that failed did: its root cause.'),
  result: z
    .object({
      top1: z.number().describe('Top-1 of the last evaluation, 0 to 1.'),
      top5: z.number().describe('Top-5 of the last evaluation, 0 to 1.'),
      epochs: z.number().describe('Epochs trained.'),
      trainSeconds: z.number().describe('Seconds spent training over all attempts.'),
      uri: z.string().max(1024).describe('Folder of the trained network.'),
    })
    .optional()
    .describe('What a run that succeeded achieved.'),
});
export type TrainingRunStatus = z.output<typeof TrainingRunStatus>;
