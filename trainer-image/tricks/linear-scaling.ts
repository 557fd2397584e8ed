import type { ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';

/**
 * The learning rate at the end of warm-up. Linear scaling: `base x batchSize / per`, because a batch k times
 * as large makes an epoch of a k-th of the steps, each of a gradient with a k-th of the variance (paper,
 * section 3.1).
 * @param batchSize images a step over all ranks together
 */
export function peakLearningRate(
  { base, per, scaling }: ResolvedRecipe['learningRate'],
  batchSize: number,
): number {
  return scaling === 'linear' ? (base * batchSize) / per : base;
}
