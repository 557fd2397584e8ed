import type { Tensor, Tensor4D } from '@tensorflow/tfjs';

import { dataTypes } from './data-type.ts';
import { CaptureError } from './errors.ts';
import { operation, operations } from './operation.ts';
import { attribute } from './recording.ts';
import { tf, type TensorFlow } from './tensorflow.ts';

/**
 * Operations for which TensorFlow has a fused kernel and a fused gradient, but TensorFlow.js composes either from
 * many: its batch normalisation is 72 kernels forward and backward, its ReLU gradient uploads a tensor of ones.
 */

const float = attribute.type(dataTypes.float32);

export interface BatchNormalised {
  readonly output: Tensor4D;
  /** Mean of the batch by channel. Outlives the scope: the caller disposes it. */
  readonly mean: Tensor;
  /** Unbiased variance of the batch by channel, as running statistics want it. The caller disposes it. */
  readonly variance: Tensor;
}

/** Normalises by the statistics of the batch (NHWC) and hands them out. */
export function batchNormTraining(
  tensorflow: TensorFlow,
  images: Tensor4D,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): BatchNormalised {
  const attributes = batchNormAttributes(epsilon, true);
  let statistics: { mean: Tensor; variance: Tensor } | undefined;
  const output = withGradient([images, gamma, beta], () => {
    const unused = tf.zeros([0]);
    const [y, mean, variance, ...reserved] = operations(
      tensorflow,
      'FusedBatchNormV3',
      [images, gamma, beta, unused, unused],
      { ...attributes, exponential_avg_factor: attribute.float(1) },
      6,
    );
    const outputs = { mean: tf.keep(present(mean)), variance: tf.keep(present(variance)) };
    statistics = outputs;
    return {
      value: present(y),
      saved: [images, gamma, ...reserved],
      gradient: (dy, saved) =>
        operations(tensorflow, 'FusedBatchNormGradV3', [dy, ...saved], attributes, 5).slice(0, 3),
    };
  });
  return { output: rank4(output), mean: present(statistics?.mean), variance: present(statistics?.variance) };
}

/** By channel. */
interface NormalizationParameters {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Normalises by running statistics (NHWC). Has a gradient with respect to the images, of which it is a linear function. */
export function batchNormInference(
  tensorflow: TensorFlow,
  images: Tensor4D,
  { gamma, beta, mean, variance }: NormalizationParameters,
  epsilon: number,
): Tensor4D {
  const output = withGradient([images], () => {
    const [y] = operations(
      tensorflow,
      'FusedBatchNormV3',
      [images, gamma, beta, mean, variance],
      batchNormAttributes(epsilon, false),
      6,
    );
    return {
      value: present(y),
      saved: [gamma, variance],
      gradient: (dy, [scale, spread]) => [
        tf.mul(dy, tf.mul(present(scale), tf.rsqrt(tf.add(present(spread), epsilon)))),
      ],
    };
  });
  return rank4(output);
}

function batchNormAttributes(epsilon: number, training: boolean) {
  return {
    T: float,
    U: float,
    epsilon: attribute.float(epsilon),
    data_format: attribute.string('NHWC'),
    is_training: attribute.bool(training),
  };
}

export function relu(tensorflow: TensorFlow, images: Tensor4D): Tensor4D {
  const output = withGradient([images], () => {
    const value = operation(tensorflow, 'Relu', [images], { T: float });
    return {
      value,
      saved: [value],
      gradient: (dy, saved) => [operation(tensorflow, 'ReluGrad', [dy, ...saved], { T: float })],
    };
  });
  return rank4(output);
}

/** Mean over height and width: NHWC to NC. */
export function globalAveragePool(tensorflow: TensorFlow, images: Tensor4D): Tensor {
  const [count, height, width, channels] = images.shape;
  return withGradient([images], () => ({
    value: tf.mean(images, [1, 2]),
    saved: [],
    gradient: (dy) => {
      const share = tf.div(dy, height * width).reshape([count, 1, 1, channels]);
      const shape = tf.tensor1d([count, height, width, channels], 'int32');
      const attributes = { T: float, Tidx: attribute.type(dataTypes.int32) };
      return [operation(tensorflow, 'BroadcastTo', [share, shape], attributes)];
    },
  }));
}

/** Cross-entropy of each row with a row of probabilities: `[count, classes]` twice to `[count]`. */
export function softmaxCrossEntropy(tensorflow: TensorFlow, logits: Tensor, targets: Tensor): Tensor {
  return withGradient([logits], () => {
    const [losses, ...backward] = operations(
      tensorflow,
      'SoftmaxCrossEntropyWithLogits',
      [logits, targets],
      { T: float },
      2,
    );
    return {
      value: present(losses),
      saved: backward,
      gradient: (dy, saved) => saved.map((each) => tf.mul(each, dy.reshape([-1, 1]))),
    };
  });
}

/**
 * Convolution with the same padding on both sides, `(kernel - 1) / 2`, as in the reference networks. TensorFlow's
 * own SAME pads an even image only at the bottom and right when the stride is 2, and its gradients refuse explicit
 * padding, so the image is padded before.
 * @param filter HWIO, with an odd height equal to its width
 */
export function convolution(images: Tensor4D, filter: Tensor4D, stride: number): Tensor4D {
  const padding = (filter.shape[0] - 1) / 2;
  if (padding === 0) return tf.conv2d(images, filter, stride, 'valid');
  if (stride === 1) return tf.conv2d(images, filter, stride, 'same');
  return tf.conv2d(padImages(images, padding), filter, stride, 'valid');
}

/** 3x3 max pooling of stride 2. Zeros serve as padding, because what comes out of a ReLU is not below them. */
export function maxPoolAfterRelu(images: Tensor4D): Tensor4D {
  return tf.maxPool(padImages(images, 1), 3, 2, 'valid');
}

/** Mean over 2x2 windows of stride 2; at an odd edge over what there is. */
export function averagePool(images: Tensor4D): Tensor4D {
  return tf.avgPool(images, 2, 2, 'same');
}

function padImages(images: Tensor4D, padding: number): Tensor4D {
  return tf.pad4d(images, [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ]);
}

/** The result of a forward computation and how to go back through it. */
interface Differentiable {
  readonly value: Tensor;
  /** What the gradient needs of the forward computation. */
  readonly saved: readonly Tensor[];
  /** Gradients with respect to each of the inputs. Must use `saved` only, the rest is freed by then. */
  readonly gradient: (dy: Tensor, saved: readonly Tensor[]) => Tensor[];
}

/** Computes `forward`, whose gradient with respect to `inputs` is the one that it returns. */
export function withGradient(inputs: readonly Tensor[], forward: () => Differentiable): Tensor {
  return tf.customGrad((...given) => {
    const { value, saved, gradient } = forward();
    const save = given.at(-1);
    if (typeof save !== 'function') throw new CaptureError('TensorFlow.js passed no way to save tensors');
    save([...saved]);
    return { value, gradFunc: (dy, savedTensors) => gradient(dy, savedTensors) };
  })(...inputs);
}

function present(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new CaptureError('an operation returned fewer tensors than it should');
  return tensor;
}

/** The same tensor, known to be a batch of images. */
export function rank4(tensor: Tensor): Tensor4D {
  if (!isRank4(tensor)) throw new CaptureError(`expected four dimensions, got [${tensor.shape.join(', ')}]`);
  return tensor;
}

function isRank4(tensor: Tensor): tensor is Tensor4D {
  return tensor.rank === 4;
}
