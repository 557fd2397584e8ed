import type { Tensor } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';

/**
 * Exponential moving average of weights: `average = decay * average + (1 - decay) * value` after every step, starting
 * from the initial weights. Running statistics are averaged alike, so that the averaged network is a whole one
 * (torchvision's `ExponentialMovingAverage` with `use_buffers`, timm's `ModelEma`).
 */
export function movingAverage(average: Tensor, value: Tensor, decay: number): Tensor {
  return tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay));
}
