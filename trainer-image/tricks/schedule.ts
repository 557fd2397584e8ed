import { assertNever } from '../../operator/base/errors.ts';
import type { ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';
import { peakLearningRate } from './linear-scaling.ts';

/** What a schedule is stretched over. */
export interface TrainingLength {
  /** Images a step over all ranks together. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

/**
 * The learning rate of one step, in the paper's form. With i = step + 1, the peak rate η, m batches of
 * warm-up and T batches after it:
 * - warm-up, i <= m: `i η / m` (section 3.1);
 * - cosine: `η (1 + cos(π (i - m) / T)) / 2` (section 5.1), so the very last step has rate 0;
 * - step: η times `factor` for every milestone, in epochs from the start of training, that is behind;
 * - constant: η.
 *
 * The published code counts from 0 instead: it starts at 0 and never reaches 0 again.
 * @param step finished steps before this one: 0 for the first of the training
 */
export function learningRateAt(
  learningRate: ResolvedRecipe['learningRate'],
  { batchSize, stepsPerEpoch, epochs }: TrainingLength,
  step: number,
): number {
  const peak = peakLearningRate(learningRate, batchSize);
  const warmupSteps = Math.round(learningRate.warmupEpochs * stepsPerEpoch);
  const batch = step + 1;
  if (batch <= warmupSteps) return (peak * batch) / warmupSteps;
  switch (learningRate.schedule) {
    case 'cosine': {
      const steps = epochs * stepsPerEpoch - warmupSteps;
      return (peak * (1 + Math.cos((Math.PI * (batch - warmupSteps)) / steps))) / 2;
    }
    case 'step': {
      const passed = learningRate.milestones.filter((epoch) => step >= epoch * stepsPerEpoch);
      return peak * learningRate.factor ** passed.length;
    }
    case 'constant':
      return peak;
    default:
      return assertNever(learningRate.schedule);
  }
}
