import type { Tensor } from '@tensorflow/tfjs';

import type { VariableKind } from '../model/network.ts';
import { tf } from '../tensorflow/tensorflow.ts';

export interface WeightDecay {
  readonly weightDecay: number;
  /** False is the "no bias decay" trick (paper, section 3.1): only filters and matrices decay. */
  readonly decayBiasAndNorm: boolean;
}

/** Whether variables of this kind decay. */
export function decays(
  kind: VariableKind,
  { decayBiasAndNorm }: Pick<WeightDecay, 'decayBiasAndNorm'>,
): boolean {
  switch (kind) {
    case 'convolution':
    case 'weight':
      return true;
    case 'bias':
    case 'gamma':
    case 'beta':
      return decayBiasAndNorm;
    case 'runningMean':
    case 'runningVariance':
      return false;
  }
}

/**
 * Adds the gradient of `weightDecay / 2 * |value|^2`. In a world of several ranks this comes after the all-reduce:
 * the penalty counts once, not once per rank.
 */
export function decayedGradient(
  gradient: Tensor,
  value: Tensor,
  kind: VariableKind,
  decay: WeightDecay,
): Tensor {
  if (decay.weightDecay === 0 || !decays(kind, decay)) return gradient;
  return tf.add(gradient, tf.mul(value, decay.weightDecay));
}
