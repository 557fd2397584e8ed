import type { Tensor } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';
import type { MomentumSettings, ParameterState } from './momentum.ts';

/**
 * One step of Nesterov's accelerated gradient, which looks one velocity ahead.
 *
 * With a velocity of gradients: `v = momentum * v + g; w -= learningRate * (g + momentum * v)`. This is the form of
 * PyTorch and of the MXNet release behind the paper.
 *
 * With a velocity of updates: `v = momentum * v - learningRate * g; w += momentum * v - learningRate * g`, the form of
 * Keras and newer MXNet. The two differ when the learning rate changes, as the velocity keeps the old one.
 */
export function nesterovStep(
  { value, velocity }: ParameterState,
  gradient: Tensor,
  { momentum, velocity: of }: MomentumSettings,
  learningRate: Tensor,
): ParameterState {
  if (of === 'gradient') {
    const newVelocity = tf.add(tf.mul(velocity, momentum), gradient);
    const direction = tf.add(gradient, tf.mul(newVelocity, momentum));
    return { value: tf.sub(value, tf.mul(learningRate, direction)), velocity: newVelocity };
  }
  const update = tf.mul(learningRate, gradient);
  const newVelocity = tf.sub(tf.mul(velocity, momentum), update);
  return { value: tf.add(value, tf.sub(tf.mul(newVelocity, momentum), update)), velocity: newVelocity };
}
