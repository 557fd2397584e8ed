import * as z from 'zod';
import { specRules, toCel } from './rules.ts';
import { operatorName } from './group.ts';
import { Duration } from './scalars.ts';
import { SpecFields } from './spec.ts';
import { Overlay, tunablePaths } from './training-sweep-overlay.ts';

/** Most trials of a sweep: their rows in the status stay below 512 KiB. */
export const maxTrialsLimit = 1000;

/** Most parameters of a sweep. */
export const maxParameters = 12;

/** One value of a parameter. */
export const ParameterValue = z.union([z.number(), z.string().max(256), z.boolean()]);
export type ParameterValue = z.output<typeof ParameterValue>;

const Parameter = z.strictObject({
  path: z
    .enum(tunablePaths)
    .describe('The field of the run that varies, as a path below its spec: recipe.learningRate.base.'),
  double: z
    .strictObject({
      min: z.number().min(-1e9).max(1e9).describe('Smallest value.'),
      max: z.number().min(-1e9).max(1e9).describe('Largest value.'),
      scale: z
        .enum(['linear', 'log'])
        .default('linear')
        .describe('linear: all values alike. log: all orders of magnitude alike. Default linear.'),
    })
    .optional()
    .describe('Numbers of a range.'),
  int: z
    .strictObject({
      min: z.int().min(-1_000_000_000).max(1_000_000_000).describe('Smallest value.'),
      max: z.int().min(-1_000_000_000).max(1_000_000_000).describe('Largest value.'),
      step: z
        .int()
        .min(1)
        .max(1_000_000_000)
        .default(1)
        .describe('Distance between two values, counted from min. Default 1.'),
    })
    .optional()
    .describe('Whole numbers of a range.'),
  values: z
    .array(ParameterValue.meta({ 'x-kubernetes-preserve-unknown-fields': true }))
    .min(1)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('The values one by one: numbers, texts, or true and false.'),
});
export type Parameter = z.output<typeof Parameter>;

const AblationRow = z.strictObject({
  name: z.string().min(1).max(63).describe('What the row is called in tables.'),
  from: z
    .string()
    .max(63)
    .optional()
    .describe(
      'Name of an earlier row whose settings this one adds to. Default: the one before in mode cumulative, the first in mode oneAtATime.',
    ),
  set: Overlay.prefault({}).describe('What the row changes: a part of the spec of a run.'),
});
export type AblationRow = z.output<typeof AblationRow>;

const Ablation = z.strictObject({
  rows: z
    .array(AblationRow)
    .min(1)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe('The rows of the table. The first is the baseline that the others are compared with.'),
  mode: z
    .enum(['cumulative', 'oneAtATime'])
    .default('cumulative')
    .describe(
      'cumulative: every row adds to the one before. oneAtATime: every row adds to the first. Default cumulative.',
    ),
  seeds: z
    .array(z.int().min(0).max(2_147_483_647))
    .min(1)
    .max(64)
    .default([0, 1, 2])
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe(
      'Every row is trained once with each (recipe.seed). Rows are compared seed by seed. More may be added at the end later. Default 0, 1, 2.',
    ),
});
export type Ablation = z.output<typeof Ablation>;

const Objective = z.strictObject({
  metric: z
    .enum(['top1', 'top5', 'loss'])
    .default('top1')
    .describe('What of the evaluation on the validation images counts. Default top1.'),
  direction: z
    .enum(['maximize', 'minimize'])
    .optional()
    .describe('What is better. Default: maximize for top1 and top5, minimize for loss.'),
  goal: z
    .number()
    .optional()
    .describe('The sweep succeeds as soon as a finished trial is at least so good. Default: none.'),
});
export type Objective = z.output<typeof Objective>;

const Search = z.strictObject({
  algorithm: z
    .enum(['grid', 'random', 'tpe'])
    .default('random')
    .describe(
      'grid: every combination, the last parameter changing fastest. random: independent draws. tpe: draws near what was good before (Bergstra et al. 2011). Default random.',
    ),
  seed: z.int().min(0).max(2_147_483_647).default(0).describe('Decides the draws. Default 0.'),
});
export type Search = z.output<typeof Search>;

const Stopping = z.strictObject({
  algorithm: z
    .enum(['none', 'asha', 'median'])
    .default('none')
    .describe(
      'none: every trial trains to its end. asha: a trial goes on past a rung only while it is among the best 1/reductionFactor there; others wait and may be promoted later (Li et al. 2020). median: a trial stops for good when at a milestone, minEpochs and each twice as far, it is worse than the median of the others there (after Golovin et al. 2017). Default none.',
    ),
  minEpochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(1)
    .describe('No trial is stopped before so many epochs; the first rung of asha. Default 1.'),
  reductionFactor: z
    .int()
    .min(2)
    .max(16)
    .default(4)
    .describe('asha: each rung is so many times as long as the one before. Default 4.'),
  minTrials: z
    .int()
    .min(1)
    .max(maxTrialsLimit)
    .default(3)
    .describe('median: so many other trials must have reached the milestone. Default 3.'),
});
export type Stopping = z.output<typeof Stopping>;

const Autoscaling = z.strictObject({
  min: z.int().min(1).max(maxTrialsLimit).default(1).describe('Fewest trials at a time. Default 1.'),
  max: z.int().min(1).max(maxTrialsLimit).describe('Most trials at a time.'),
  startWithin: Duration.default('2m').describe(
    'A trial that does not run within this is waiting: the sweep grows no further. Default 2m.',
  ),
  giveBackAfter: Duration.default('10m').describe(
    'A trial that waits for so long is suspended, and the sweep shrinks by it. Long enough for a new node. Default 10m.',
  ),
  retryAfter: Duration.default('5m').describe(
    'After a trial waited, the sweep tries to grow again when so long has passed. Default 5m.',
  ),
  minimumUsefulTime: Duration.default('10m').describe(
    'A trial that has run for less is not suspended to shrink the sweep. Default 10m.',
  ),
});
export type Autoscaling = z.output<typeof Autoscaling>;

const Budget = z.strictObject({
  gpuHours: z
    .number()
    .gt(0)
    .max(10_000_000)
    .optional()
    .describe('GPU-hours of all trials together, from the making of their pods to their end. Default: none.'),
  duration: Duration.optional().describe(
    'Longest time from the first trial on, not counting time suspended. Default: none.',
  ),
});
export type Budget = z.output<typeof Budget>;

/** What to try, how, and how much of it at a time. */
export const SweepSpecFields = z.strictObject({
  suspend: z
    .boolean()
    .default(false)
    .describe('Suspend all trials, which save a checkpoint, and start none. Default false.'),
  managedBy: z
    .string()
    .max(253)
    .default(operatorName)
    .describe(
      'Who acts on this sweep; a foreign value means this operator touches nothing. Immutable. Default ringmaster.dev/operator.',
    ),
  runTemplate: SpecFields.meta({
    // What depends on an earlier state is about runs: a template does not change.
    'x-kubernetes-validations': toCel(specRules.filter(({ cel }) => !cel.includes('oldSelf'))),
  }).describe('The spec of a run that all trials begin from: a valid one by itself. Immutable.'),
  parameters: z
    .array(Parameter)
    .min(1)
    .max(maxParameters)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['path'] })
    .describe('What to search through. Give parameters or ablation. Immutable.'),
  ablation: Ablation.optional().describe(
    'A table: rows of changes, each trained with several seeds. Immutable but for more seeds.',
  ),
  objective: Objective.prefault({}).describe('What a good trial is.'),
  search: Search.prefault({}).describe('How parameters are chosen. Immutable.'),
  stopping: Stopping.prefault({}).describe('Which trials end early.'),
  parallelism: z
    .int()
    .min(0)
    .max(maxTrialsLimit)
    .optional()
    .describe(
      'Most trials at a time; what kubectl scale and a HorizontalPodAutoscaler set. Default: autoscaling.max, or 1 without autoscaling.',
    ),
  autoscaling: Autoscaling.optional().describe(
    'Grow to what the cluster takes, between min and max. Default: always parallelism.',
  ),
  maxTrials: z
    .int()
    .min(1)
    .max(maxTrialsLimit)
    .optional()
    .describe(
      'Trials in all. random and tpe need it. May be raised when the sweep has finished. Default: the whole grid or table.',
    ),
  maxFailedTrials: z
    .int()
    .min(0)
    .max(maxTrialsLimit)
    .default(3)
    .describe('The sweep fails when more trials than this have failed. Default 3.'),
  budget: Budget.prefault({}).describe('What the sweep may cost. Trials are suspended when it is used up.'),
  ttlAfterFinished: Duration.optional().describe(
    'Delete the sweep and its trials so long after it finished. Default: keep them.',
  ),
});

/** A spec after defaults: what the controller reads. */
export type TrainingSweepSpec = z.output<typeof SweepSpecFields>;
