import * as z from 'zod';
import { Checkpoints } from './checkpoints.ts';
import { Data } from './data.ts';
import { FailurePolicy } from './failure-policy.ts';
import { operatorName } from './group.ts';
import { Model } from './model.ts';
import { Recipe } from './recipe.ts';
import { Duration, Uri } from './scalars.ts';
import { Scheduling } from './scheduling.ts';
import { Trainers } from './trainers.ts';

/** What to train, on what, how, and with what resources. */
export const SpecFields = z.strictObject({
  suspend: z.boolean().default(false).describe('Save a checkpoint, end all pods and wait. Default false.'),
  managedBy: z
    .string()
    .max(253)
    .default(operatorName)
    .describe(
      'Who acts on this run; a foreign value means this operator touches nothing. Immutable. Default ringmaster.dev/operator.',
    ),
  model: Model.prefault({}).describe('The network.'),
  data: Data.describe('The images.'),
  recipe: Recipe.prefault({}).describe('How to train.'),
  resumeFrom: Uri.optional().describe(
    "A checkpoint of another run to continue from: its step folder. Default: the run's own newest.",
  ),
  resumeWithChanges: z
    .array(
      z
        .string()
        .max(128)
        .regex(
          /^(data|recipe)(\.[a-zA-Z]+)*$/,
          'must be data, recipe, or a field below one, such as recipe.learningRate',
        ),
    )
    .max(32)
    .default([])
    .describe(
      'Fields, with all below them, that may differ from those of the checkpoint to continue from: data, recipe or a field of these, such as recipe.learningRate; data stands for other images too. Steps are counted on. Default none: a changed field is refused and named.',
    ),
  trainers: Trainers.prefault({}).describe('The gang.'),
  checkpoints: Checkpoints.describe('Where the state of training is saved.'),
  failurePolicy: FailurePolicy.prefault({}).describe('What happens when a pod fails.'),
  activeDeadline: Duration.optional().describe(
    'Longest time not suspended, then the run fails. Default none.',
  ),
  ttlAfterFinished: Duration.optional().describe(
    'Delete the run so long after it finished. Default: keep it.',
  ),
  cleanPodPolicy: z
    .enum(['Running', 'All', 'None'])
    .default('Running')
    .describe('Which pods to delete when the run has finished. Default Running.'),
  scheduling: Scheduling.prefault({}).describe('How the gang gets its place.'),
});

/** A spec after defaults: what the controller reads. */
export type TrainingRunSpec = z.output<typeof SpecFields>;
/** A spec as a user writes it. */
export type TrainingRunSpecInput = z.input<typeof SpecFields>;
