import type { Tensor, Tensor4D } from '@tensorflow/tfjs';

import { allReduceSum, type CollectiveSequence } from './collectives.ts';
import { rank4, withGradient, type BatchNormalised } from './kernels.ts';
import { tf, type TensorFlow } from './tensorflow.ts';

/**
 * Normalises (NHWC) by the statistics of the whole batch over all ranks, whatever share each has: counts, sums and sums
 * of squares are pooled, as means of variances would leave out how the ranks differ.
 *
 * One all-reduce forward and one backward, where the two means in the gradient of a normalisation are pooled too. The
 * gradients of gamma and beta are this rank's share only, like those of all other parameters.
 * @param shift subtracted from the images before they are squared, so that a mean far from 0 does not eat up the
 * digits of the variance; the same on all ranks. Running means serve well.
 */
export function batchNormSynchronised(
  tensorflow: TensorFlow,
  images: Tensor4D,
  parameters: { gamma: Tensor; beta: Tensor; shift: Tensor },
  epsilon: number,
  collectives: CollectiveSequence,
): BatchNormalised {
  const { gamma, beta, shift } = parameters;
  const channels = images.shape[3];
  const ownCount = images.shape[0] * images.shape[1] * images.shape[2];
  let statistics: { mean: Tensor; variance: Tensor } | undefined;
  const output = withGradient([images, gamma, beta], () => {
    const shifted = tf.sub(images, shift);
    const [sums, squares, count] = pool(
      [sumOverImages(shifted), sumOverImages(tf.square(shifted)), tf.tensor1d([ownCount])],
      [channels, channels, 1],
    );
    const shiftedMean = tf.div(sums, count);
    const biased = tf.sub(tf.div(squares, count), tf.square(shiftedMean));
    const unbiased = tf.mul(biased, tf.div(count, tf.sub(count, 1)));
    statistics = { mean: tf.keep(tf.add(shiftedMean, shift)), variance: tf.keep(unbiased) };
    const inverseDeviation = tf.rsqrt(tf.add(biased, epsilon));
    const normalised = tf.mul(tf.sub(shifted, shiftedMean), inverseDeviation);
    return {
      value: tf.add(tf.mul(normalised, gamma), beta),
      saved: [normalised, gamma, inverseDeviation, count],
      gradient(dy, [x = dy, scale = dy, inverse = dy, total = dy]) {
        const betaGradient = sumOverImages(dy);
        const gammaGradient = sumOverImages(tf.mul(dy, x));
        const [allBeta, allGamma] = pool([betaGradient, gammaGradient], [channels, channels]);
        const withoutMean = tf.sub(dy, tf.div(allBeta, total));
        const withoutScale = tf.sub(withoutMean, tf.mul(x, tf.div(allGamma, total)));
        return [tf.mul(withoutScale, tf.mul(inverse, scale)), gammaGradient, betaGradient];
      },
    };
  });
  if (statistics === undefined) throw new TypeError('the normalisation was not computed');
  return { output: rank4(output), ...statistics };

  /** Sums vectors of these lengths over all ranks. */
  function pool(vectors: [Tensor, Tensor, Tensor], sizes: number[]): [Tensor, Tensor, Tensor];
  function pool(vectors: [Tensor, Tensor], sizes: number[]): [Tensor, Tensor];
  function pool(vectors: Tensor[], sizes: number[]): Tensor[] {
    if (tensorflow.worldSize === 1) return vectors;
    const [total] = allReduceSum(tensorflow, [tf.concat(vectors)], collectives.next());
    if (total === undefined) throw new TypeError('the all-reduce returned nothing');
    return tf.split(total, sizes);
  }
}

function sumOverImages(images: Tensor): Tensor {
  return tf.sum(images, [0, 1, 2]);
}
