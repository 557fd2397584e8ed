import { z } from 'zod';
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
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export const Condition = z.object({
  type: z.string().max(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().max(64),
  message: z.string().max(2048),
  observedGeneration: z.int().optional(),
  lastTransitionTime: Timestamp,
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
  learningRate: z.number().optional(),
  validation: z
    .object({ epoch: z.number(), top1: z.number(), top5: z.number(), loss: z.number() })
    .optional()
    .describe('The last evaluation over the whole validation set.'),
  updatedAt: Timestamp,
});
export type ProgressStatus = z.output<typeof ProgressStatus>;

/** The newest committed checkpoint. */
export const CheckpointStatus = z.object({
  step: z.int(),
  epoch: z.number(),
  uri: z.string().max(1024),
  savedAt: Timestamp,
  bestUri: z.string().max(1024).optional(),
});
export type CheckpointStatus = z.output<typeof CheckpointStatus>;

export const LastFailure = z.object({
  attempt: z.int(),
  pod: z.string().max(253),
  rank: z.int().optional().describe('The rank that failed first, not those that lost it.'),
  reason: z.string().max(64),
  exitCode: z.int().optional(),
  message: z.string().max(2048),
  at: Timestamp,
});
export type LastFailure = z.output<typeof LastFailure>;

/** What is known of a run. Written by the operator only. */
export const TrainingRunStatus = z.object({
  observedGeneration: z.int().optional(),
  phase: z.enum(phases).optional(),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  attempt: z.int().optional().describe('Number of the present or last attempt, from 1.'),
  attemptStartedAt: Timestamp.optional().describe('When the pods of the present attempt were first made.'),
  attemptFromStep: z
    .int()
    .optional()
    .describe('Step of the checkpoint that the present attempt started from; absent when from scratch.'),
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
    .optional(),
  startTime: Timestamp.optional(),
  completionTime: Timestamp.optional(),
  activeSeconds: z
    .number()
    .optional()
    .describe('Seconds spent not suspended before activeSince; the deadline counts these.'),
  activeSince: Timestamp.optional().describe('Since when the run is not suspended.'),
  progress: ProgressStatus.optional(),
  checkpoint: CheckpointStatus.optional(),
  trainers: z
    .object({ desired: z.int(), ready: z.int(), failed: z.int(), selector: z.string().max(1024) })
    .optional(),
  lastFailure: LastFailure.optional(),
  result: z
    .object({
      top1: z.number(),
      top5: z.number(),
      epochs: z.number(),
      trainSeconds: z.number(),
      uri: z.string().max(1024),
    })
    .optional(),
});
export type TrainingRunStatus = z.output<typeof TrainingRunStatus>;
