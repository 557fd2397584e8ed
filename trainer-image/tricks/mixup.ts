import { drawBeta } from '../data/beta.ts';
import { counterRandom } from '../data/random.ts';

/*
 * Mixup (paper, section 5.4; Zhang et al., arXiv 1710.09412): train on λ x_i + (1 - λ) x_j and λ y_i + (1 -
 * λ) y_j with λ from Beta(α, α), and on nothing else.
 *
 * Which samples are mixed, and how much, is decided for the global batch, so that the number of ranks changes
 * nothing: one λ for each step, and sample i of the batch goes with sample B - 1 - i. The published code does
 * the same inside the share of each GPU, after smoothing the labels.
 */

/**
 * λ of a step: the share of a sample's own image in the mixed one.
 * @param alpha above 0; the paper has 0.2
 */
export function mixingWeight(alpha: number, seed: number, step: number): number {
  return drawBeta(alpha, counterRandom(['mixup', seed, step]));
}

/** Where in the global batch the partner of a sample stands. The partner's partner is the sample itself. */
export function partnerPosition(position: number, batchSize: number): number {
  return batchSize - 1 - position;
}

/** Replaces `values` by `weight x values + (1 - weight) x partners`, element by element. */
export function mixInto(values: Float32Array, partners: Float32Array, weight: number): void {
  if (values.length !== partners.length) {
    throw new RangeError(`cannot mix ${values.length} values with ${partners.length}`);
  }
  for (let index = 0; index < values.length; index += 1) {
    values[index] = weight * (values[index] ?? 0) + (1 - weight) * (partners[index] ?? 0);
  }
}
