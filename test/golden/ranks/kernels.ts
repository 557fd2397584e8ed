import type { Tensor4D } from '@tensorflow/tfjs';

import {
  averagePool,
  convolution,
  maxPoolAfterRelu,
  rank4,
} from '../../../trainer-image/tensorflow/kernels.ts';
import { tf } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { answerTask } from './answer-task.ts';

export interface KernelsAnswer {
  readonly convolution: number[];
  readonly unitStride: number[];
  readonly averageOdd: number[];
  readonly maximum: number[];
  readonly convolutionAdjoint: [number, number];
  readonly oddConvolutionAdjoint: [number, number];
  readonly averageAdjoint: [number, number];
}

/** Elements of a fixed pattern without symmetry. */
function pattern(shape: [number, number, number, number]): Tensor4D {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor4d(
    Array.from({ length: count }, (_, index) => Math.sin(index * index + 1)),
    shape,
  );
}

/** For a linear function, <f(x), c> and <x, gradient of <f(x), c>>, which have to be equal. */
function adjoint(linear: (x: Tensor4D) => Tensor4D, size: number): [number, number] {
  const x = pattern([2, size, size, 3]);
  const direction = tf.cos(linear(x));
  const project = (each: tf.Tensor) => tf.sum<tf.Scalar>(tf.mul(linear(rank4(each)), direction));
  const gradient = tf.grad(project)(x);
  return [project(x).arraySync(), tf.sum<tf.Scalar>(tf.mul(x, gradient)).arraySync()];
}

await answerTask<undefined>(() =>
  Promise.resolve(
    tf.tidy(() => {
      const ones = tf.ones<tf.Rank.R4>([1, 8, 8, 1]);
      const window = tf.ones<tf.Rank.R4>([3, 3, 1, 1]);
      const filter = pattern([3, 3, 3, 5]);
      const firstRow = (images: Tensor4D) => images.arraySync()[0]?.[0]?.map(([value]) => value);
      return {
        convolution: firstRow(convolution(ones, window, 2)),
        unitStride: firstRow(convolution(ones, window, 1)),
        averageOdd: firstRow(averagePool(tf.ones([1, 7, 7, 1]))),
        maximum: firstRow(maxPoolAfterRelu(ones)),
        convolutionAdjoint: adjoint((x) => convolution(x, filter, 2), 8),
        oddConvolutionAdjoint: adjoint((x) => convolution(x, filter, 2), 7),
        averageAdjoint: adjoint(averagePool, 7),
      };
    }),
  ),
);
