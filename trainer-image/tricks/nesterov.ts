import type { Tensor } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';

export interface NesterovState {
  readonly value: Tensor;
  /** Decaying sum of gradients; the learning rate is not in it. */
  readonly velocity: Tensor;
}

/**
 * One step of Nesterov's accelerated gradient, with the learning rate outside the velocity:
 * `v = momentum * v + g; w -= learningRate * (g + momentum * v)`.
 *
 * This is the form of PyTorch and of the MXNet release behind the paper. Keras and newer MXNet multiply the learning
 * rate into the velocity instead; the two differ whenever the learning rate changes.
 */
export function nesterovStep(
  { value, velocity }: NesterovState,
  gradient: Tensor,
  momentum: number,
  learningRate: Tensor,
): NesterovState {
  const newVelocity = tf.add(tf.mul(velocity, momentum), gradient);
  const direction = tf.add(gradient, tf.mul(newVelocity, momentum));
  return { value: tf.sub(value, tf.mul(learningRate, direction)), velocity: newVelocity };
}
