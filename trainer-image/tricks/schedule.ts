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
 * The learning rate of one step. With i the number of its batch, the peak rate η, m batches of warm-up and T batches
 * after it:
 * - warm-up, i <= m: `i η / m` (section 3.1);
 * - cosine: `η (1 + cos(π (i - m) / T)) / 2` (section 5.1);
 * - step: η times `factor` for every milestone, in epochs from the start of training, that is behind;
 * - constant: η.
 *
 * In the paper's form batches count from 1, so the very last step has rate 0. In the form of the published code, whose
 * logs and Keras' `CosineDecay` agree, they count from 0: it starts at 0 and never reaches 0 again. (Newer GluonCV
 * divides by m - 1 and T - 1 instead; the logs do not.)
 * @param step finished steps before this one: 0 for the first of the training
 */
export function learningRateAt(
  learningRate: ResolvedRecipe['learningRate'],
  { batchSize, stepsPerEpoch, epochs }: TrainingLength,
  step: number,
): number {
  const peak = peakLearningRate(learningRate, batchSize);
  const warmupSteps = Math.round(learningRate.warmupEpochs * stepsPerEpoch);
  const batch = learningRate.form === 'paper' ? step + 1 : step;
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
