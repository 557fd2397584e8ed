import type { Tensor } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';

/** A parameter and its velocity, the decaying sum of its past. */
export interface ParameterState {
  readonly value: Tensor;
  readonly velocity: Tensor;
}

export interface MomentumSettings {
  readonly momentum: number;
  /** What the velocity is a sum of: gradients, or gradients times the learning rate of their step. */
  readonly velocity: 'gradient' | 'update';
}

/**
 * One step of stochastic gradient descent with plain momentum. With a velocity of gradients: `v = momentum * v + g;
 * w -= learningRate * v` (PyTorch); of updates: `v = momentum * v - learningRate * g; w += v` (Keras, and Sutskever
 * et al. 2013).
 */
export function momentumStep(
  { value, velocity }: ParameterState,
  gradient: Tensor,
  { momentum, velocity: of }: MomentumSettings,
  learningRate: Tensor,
): ParameterState {
  const kept = tf.mul(velocity, momentum);
  if (of === 'gradient') {
    const newVelocity = tf.add(kept, gradient);
    return { value: tf.sub(value, tf.mul(learningRate, newVelocity)), velocity: newVelocity };
  }
  const newVelocity = tf.sub(kept, tf.mul(learningRate, gradient));
  return { value: tf.add(value, newVelocity), velocity: newVelocity };
}
