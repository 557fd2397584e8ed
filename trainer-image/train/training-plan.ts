import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import type { TrainingLength } from '../tricks/schedule.ts';

/** How long training is and where in it something is due. A `step` is always a number of finished steps. */
export interface TrainingPlan extends TrainingLength {
  /** Steps of the whole training. */
  readonly steps: number;
  /** Finished epochs, with a fraction. */
  readonly epochsAt: (step: number) => number;
  /** Whether this step was the last of an epoch. */
  readonly endsEpoch: (step: number) => boolean;
  /** Whether a checkpoint is due after this step; always after the last. */
  readonly checkpointDue: (step: number) => boolean;
}

export function planTraining(
  { recipe, checkpoints }: Pick<ResolvedSpec, 'recipe' | 'checkpoints'>,
  stepsPerEpoch: number,
): TrainingPlan {
  const steps = recipe.epochs * stepsPerEpoch;
  const { every } = checkpoints;
  // Due when a multiple of the interval, which need not be whole, lies within this step.
  const intervals = [every.steps, every.epochs === undefined ? undefined : every.epochs * stepsPerEpoch];
  const passes = (interval: number | undefined, step: number) =>
    interval !== undefined && Math.floor(step / interval) > Math.floor((step - 1) / interval);

  return {
    batchSize: recipe.batchSize,
    stepsPerEpoch,
    epochs: recipe.epochs,
    steps,
    epochsAt: (step) => step / stepsPerEpoch,
    endsEpoch: (step) => step > 0 && step % stepsPerEpoch === 0,
    checkpointDue: (step) =>
      step > 0 && (step === steps || intervals.some((interval) => passes(interval, step))),
  };
}
