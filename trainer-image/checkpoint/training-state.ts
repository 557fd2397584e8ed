import * as z from 'zod';
import { ProgressDocument } from '../../operator/api/trainer/progress.ts';
import { TrainingEnvironment } from '../../operator/api/trainer/training-environment.ts';
import { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { Timestamp } from '../../operator/api/v1alpha1/scalars.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as hex');

/**
 * Everything but the tensors that training needs to go on, and what one needs to know to use the weights:
 * `state.json` of a checkpoint.
 */
export const TrainingState = z.object({
  version: z.literal(1),
  /** Finished steps: training goes on with the step of this number, counted from 0. */
  step: z.int().min(0),
  /** Finished epochs, with a fraction. */
  epoch: z.number().min(0),
  attempt: z.int().min(1),
  worldSize: z.int().min(1),
  /** Model, data, recipe and seed of the run, as it was given them. */
  spec: ResolvedSpec,
  /** `TrainingInput.fingerprint` */
  dataFingerprint: Sha256,
  /** SHA-256 of the values of the teacher, if there is one. */
  teacherHash: Sha256.optional(),
  /** SHA-256 of weights, statistics and momentum, which were found to be the same on all ranks. */
  weightsHash: Sha256,
  /** Validation top-1 of exactly these weights; absent if they were not evaluated. */
  top1: z.number().optional(),
  /** The best validation so far. */
  best: z.object({ top1: z.number(), step: z.int().min(0) }).optional(),
  /** The loss scale of the next step, and the finite steps since it last changed. */
  lossScale: z.object({ scale: z.number().gt(0), finiteSteps: z.int().min(0) }).optional(),
  /** The losses of the finished steps of the present epoch, whose mean will be in its entry below. */
  epochLoss: z.object({ sum: z.number(), count: z.int().min(0) }).optional(),
  /** One entry for each finished and evaluated epoch, oldest first. */
  history: ProgressDocument.shape.history,
  /** Seconds of training over all attempts. */
  trainSeconds: z.number().min(0),
  savedAt: Timestamp,
  /** Absent in checkpoints of earlier releases. */
  environment: TrainingEnvironment.optional(),
});
export type TrainingState = z.output<typeof TrainingState>;
