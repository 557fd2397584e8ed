import * as z from 'zod';
import { Timestamp } from './scalars.ts';
import { Condition } from './status.ts';
import { maxParameters, maxTrialsLimit, ParameterValue } from './training-sweep-spec.ts';

export const sweepPhases = ['Running', 'Suspending', 'Suspended', 'Succeeded', 'Failed'] as const;
export type SweepPhase = (typeof sweepPhases)[number];

export const trialPhases = ['Active', 'Paused', 'Stopped', 'Succeeded', 'Failed'] as const;
export type TrialPhase = (typeof trialPhases)[number];

/** What keeps a sweep from running more trials at a time. */
export const sweepLimits = [
  'MaxParallelism',
  'Quota',
  'NoCapacity',
  'Budget',
  'ExternalScale',
  'Done',
] as const;
export type SweepLimit = (typeof sweepLimits)[number];

/**
 * One trial, in at most 500 bytes: the run may be deleted once it has finished. Written before the run is made, so that
 * a trial is never made twice with different settings.
 */
export const TrialRow = z.object({
  index: z
    .int()
    .min(0)
    .max(maxTrialsLimit - 1)
    .describe('Which trial; its run is named <sweep>-<index>.'),
  phase: z
    .enum(trialPhases)
    .describe(
      'Active: it should run. Paused: suspended, it may go on. Stopped: suspended for good. Succeeded and Failed: as its run.',
    ),
  reason: z.string().max(32).optional().describe('Why it is paused, stopped or failed, in one word.'),
  point: z
    .array(z.number())
    .max(maxParameters)
    .optional()
    .describe(
      'The value of each parameter in their order; of a parameter with values, the position in that list from 0.',
    ),
  value: z.number().optional().describe('The objective, at the last evaluation.'),
  epoch: z.number().optional().describe('Epoch of that evaluation.'),
  values: z
    .array(z.number())
    .max(10)
    .optional()
    .describe('What stopping compares: the objective at each rung or milestone.'),
  gpuHours: z.number().optional().describe('What it has used.'),
  changedAt: Timestamp.describe('When its phase last changed.'),
});
export type TrialRow = z.output<typeof TrialRow>;

/** What is known of a sweep. Written by the operator only. */
export const TrainingSweepStatus = z.object({
  observedGeneration: z.int().optional().describe('Generation of the spec that the status is about.'),
  phase: z.enum(sweepPhases).optional().describe('Where the sweep is in its life, in one word.'),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe('Complete, Failed, Suspended and Running: what is so and why.'),
  active: z.int().optional().describe('Trials that should run now.'),
  target: z.int().optional().describe('Trials that the sweep would run now if there were enough to do.'),
  grownAt: Timestamp.optional().describe('When the target last grew, or shrank for want of capacity.'),
  selector: z.string().max(1024).optional().describe('Label selector of the trials, for autoscalers.'),
  limitedBy: z
    .enum(sweepLimits)
    .optional()
    .describe('What keeps the sweep from running more trials at a time, in one word.'),
  counts: z
    .object({
      paused: z.int().describe('Suspended trials that may go on.'),
      stopped: z.int().describe('Trials that were stopped early.'),
      succeeded: z.int().describe('Trials that trained to their end.'),
      failed: z.int().describe('Trials that failed.'),
      done: z.int().describe('Trials that need nothing more: stopped, succeeded or failed.'),
      total: z.int().describe('Trials that there are to be in all.'),
    })
    .optional()
    .describe('Trials by what became of them.'),
  best: z
    .object({
      trial: z.string().max(63).describe('Name of the run.'),
      index: z.int().describe('Index of the trial.'),
      value: z.number().describe('The objective.'),
      row: z.string().max(63).optional().describe('Row of the ablation.'),
      parameters: z
        .array(
          z.object({
            path: z.string().max(128).describe('The field of the run.'),
            value: ParameterValue.meta({ 'x-kubernetes-preserve-unknown-fields': true }).describe(
              'Its value.',
            ),
          }),
        )
        .max(maxParameters)
        .optional()
        .describe('Its parameters.'),
    })
    .optional()
    .describe('The best of the trials that trained to their end.'),
  gpuHours: z.number().optional().describe('GPU-hours of all trials.'),
  startTime: Timestamp.optional().describe('When the first trial was started.'),
  completionTime: Timestamp.optional().describe('When the sweep succeeded or failed.'),
  activeSeconds: z.number().optional().describe('Seconds spent not suspended before activeSince.'),
  activeSince: Timestamp.optional().describe('Since when the sweep is not suspended.'),
  trials: z
    .array(TrialRow)
    .max(maxTrialsLimit)
    .optional()
    // Written as a whole: as a map, every row would have an entry in managedFields too, a third more for a thousand.
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('All trials that were begun, by index.'),
});
export type TrainingSweepStatus = z.output<typeof TrainingSweepStatus>;
