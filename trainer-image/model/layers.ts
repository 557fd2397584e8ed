import type { Tensor, Tensor4D } from '@tensorflow/tfjs';

import type { Model } from '../../operator/api/v1alpha1/model.ts';
import { named, type NamedTensors } from '../tensorflow/capture.ts';
import { normalizationSequence } from '../tensorflow/collectives.ts';
import {
  averagePool,
  batchNormInference,
  batchNormTraining,
  convolution,
  globalAveragePool,
  maxPoolAfterRelu,
  rank4,
  relu,
} from '../tensorflow/kernels.ts';
import { batchNormSynchronised } from '../tensorflow/synchronised-batch-norm.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';

/** The reference code's epsilon; also torch's default. */
const batchNormEpsilon = 1e-5;

/** Mean and unbiased variance of a batch by channel. */
export interface BatchStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Layers of a network whose variables have values, by the names of the variables without their last part. */
export interface Layers {
  convolution(name: string, images: Tensor4D, stride: number): Tensor4D;
  batchNorm(name: string, images: Tensor4D): Tensor4D;
  relu(images: Tensor4D): Tensor4D;
  /** 3x3, stride 2; expects what a ReLU returned. */
  maxPool(images: Tensor4D): Tensor4D;
  /** 2x2, stride 2. */
  averagePool(images: Tensor4D): Tensor4D;
  globalAveragePool(images: Tensor4D): Tensor;
  dense(name: string, features: Tensor): Tensor;
}

/** Layers that normalise by the statistics of the batch, and those statistics. */
export interface TrainingLayers extends Layers {
  /** Filled by the forward pass, by name of the batch normalisation. The caller disposes the tensors. */
  readonly statistics: ReadonlyMap<string, BatchStatistics>;
}

export interface TrainingLayersOptions {
  /** `local`: by the statistics of this rank's share, as in the paper; `synchronised`: of the batch over all ranks. */
  readonly batchNorm: Model['batchNorm'];
  /** Whether the batch normalisation of this name normalises by its running statistics and learns nothing. */
  readonly isFrozen: (name: string) => boolean;
}

export function trainingLayers(
  tensorflow: TensorFlow,
  values: NamedTensors,
  { batchNorm, isFrozen }: TrainingLayersOptions,
): TrainingLayers {
  const statistics = new Map<string, BatchStatistics>();
  const collectives = normalizationSequence();
  return {
    ...commonLayers(tensorflow, values),
    statistics,
    batchNorm(name, images) {
      if (isFrozen(name)) {
        return batchNormInference(tensorflow, images, runningParameters(values, name), batchNormEpsilon);
      }
      const gamma = named(values, `${name}.weight`);
      const beta = named(values, `${name}.bias`);
      const { output, mean, variance } =
        batchNorm === 'local'
          ? batchNormTraining(tensorflow, images, gamma, beta, batchNormEpsilon)
          : batchNormSynchronised(
              tensorflow,
              images,
              { gamma, beta, shift: named(values, `${name}.running_mean`) },
              batchNormEpsilon,
              collectives,
            );
      statistics.set(name, { mean, variance });
      return output;
    },
  };
}

/** Layers that normalise by running statistics. */
export function inferenceLayers(tensorflow: TensorFlow, values: NamedTensors): Layers {
  return {
    ...commonLayers(tensorflow, values),
    batchNorm: (name, images) =>
      batchNormInference(tensorflow, images, runningParameters(values, name), batchNormEpsilon),
  };
}

function runningParameters(values: NamedTensors, name: string) {
  return {
    gamma: named(values, `${name}.weight`),
    beta: named(values, `${name}.bias`),
    mean: named(values, `${name}.running_mean`),
    variance: named(values, `${name}.running_var`),
  };
}

function commonLayers(tensorflow: TensorFlow, values: NamedTensors): Omit<Layers, 'batchNorm'> {
  return {
    convolution: (name, images, stride) =>
      convolution(images, rank4(named(values, `${name}.weight`)), stride),
    relu: (images) => relu(tensorflow, images),
    maxPool: maxPoolAfterRelu,
    averagePool,
    globalAveragePool: (images) => globalAveragePool(tensorflow, images),
    dense: (name, features) =>
      tf.add(tf.matMul(features, named(values, `${name}.weight`)), named(values, `${name}.bias`)),
  };
}
