import * as z from 'zod';
import { CheckpointStatus, mostSkippedNamed, ProgressStatus, SkippedCheckpoint } from '../v1alpha1/status.ts';

/** The final accuracy of a run and where its weights lie. */
export const TrainingResult = z.object({
  /** Shares of the validation set, 0 to 1. */
  top1: z.number(),
  top5: z.number(),
  epochs: z.number(),
  /** Seconds of training, evaluation included, over all attempts. */
  trainSeconds: z.number(),
  uri: z.string().max(1024),
});
export type TrainingResult = z.output<typeof TrainingResult>;

/** Where an attempt started. */
export const AttemptStart = z.object({
  /** Step of the checkpoint that it continues; absent when it began at the beginning. */
  fromStep: z.int().min(0).optional(),
  /** Newer checkpoints that it could not continue from, newest first. */
  skipped: z.array(SkippedCheckpoint).max(mostSkippedNamed).default([]),
});
export type AttemptStart = z.output<typeof AttemptStart>;

/** Points of the learning curves that are kept; of a longer training the newest. */
export const longestHistory = 2048;

/** A point of the learning curves: one finished and evaluated epoch. */
export const EpochSummary = z.object({
  epoch: z.number(),
  trainLoss: z.number(),
  learningRate: z.number(),
  validationLoss: z.number().optional(),
  top1: z.number().optional(),
  top5: z.number().optional(),
  /** Training images a second over all ranks, evaluation and checkpoints not included. */
  imagesPerSecond: z.number().optional(),
});
export type EpochSummary = z.output<typeof EpochSummary>;

/** What the supervisor answers at `GET /progress`; the operator copies it into the run's status. */
export const ProgressDocument = z.object({
  runUid: z.string().max(64),
  attempt: z.int().min(1),
  state: z.enum(['Starting', 'Training', 'Evaluating', 'Stopping', 'Finished']),
  /** Moment of the last finished step, in milliseconds since the Unix epoch; absent before the first. */
  lastStepAtMs: z.number().optional(),
  progress: ProgressStatus.optional(),
  /** Known once the checkpoints of the run have been looked through. */
  start: AttemptStart.optional(),
  checkpoint: CheckpointStatus.optional(),
  /** The final accuracy, once everything is trained and saved. */
  result: TrainingResult.optional(),
  /** The newest points of the learning curves, one a finished epoch, oldest first. */
  history: z.array(EpochSummary).max(longestHistory).default([]),
});
export type ProgressDocument = z.output<typeof ProgressDocument>;
