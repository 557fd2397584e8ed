import type { Tensor } from '@tensorflow/tfjs';

import { inferenceLayers, trainingLayers, type BatchStatistics } from '../model/layers.ts';
import type { Network } from '../model/network.ts';
import { named, type NamedTensors } from '../tensorflow/capture.ts';
import { allReduceSum } from '../tensorflow/collectives.ts';
import { rank4, softmaxCrossEntropy } from '../tensorflow/kernels.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';
import { distillationLoss, teacherDivergence } from '../tricks/distillation.ts';
import {
  followingStatistics,
  learnedVariables,
  teacherName,
  type StepSettings,
  type VariableShape,
} from './step-settings.ts';

/**
 * What some samples add to a step, by name: the gradient of each parameter under the parameter's name, the batch
 * statistics under those of the running statistics, and `figures`. Everything is a sum weighted by 1 / samples of
 * the global batch, so that sums over pieces and ranks are means that weight every sample alike.
 */
export type Contributions = ReadonlyMap<string, Tensor>;

export const figuresName = 'figures';
/** Where the figures have what: loss, hits, ranks that asked to stop, divergence from the teacher. */
export const figures = { loss: 0, correct: 1, stops: 2, divergence: 3 } as const;

/** All contributions in the order in which they are computed: the backward pass comes to the last layers first. */
export function contributionShapes(settings: StepSettings): VariableShape[] {
  const ownShape = ({ name, shape }: VariableShape) => ({ name, shape });
  return [
    ...learnedVariables(settings).reverse().map(ownShape),
    ...followingStatistics(settings).map(ownShape),
    { name: figuresName, shape: [Object.keys(figures).length] },
  ];
}

/** What the samples of the inputs contribute. Gradients are multiplied by the loss scale, if there is one. */
export function localContributions(
  tensorflow: TensorFlow,
  settings: StepSettings,
  values: NamedTensors,
  inputs: NamedTensors,
): Contributions {
  const { network, batchNorm, teacher, lossScaled } = settings;
  const images = rank4(named(inputs, 'images'));
  const targets = named(inputs, 'targets');
  const globalCount = named(inputs, 'globalCount');
  const parameters = learnedVariables(settings);
  const following = new Set(followingStatistics(settings).map(({ name }) => name));
  const layers = trainingLayers(tensorflow, values, {
    batchNorm,
    isFrozen: (name) => !following.has(`${name}.running_mean`),
  });
  const teacherLogits =
    teacher === undefined
      ? undefined
      : teacher.network.forward(inferenceLayers(tensorflow, teacherValues(teacher.network, values)), images);

  // Kept, because what is not returned is freed.
  const kept: { logits: Tensor; loss: Tensor; divergence: Tensor }[] = [];
  const { grads } = tf.valueAndGrads(() => {
    const logits = network.forward(layers, images);
    const hard = softmaxCrossEntropy(tensorflow, logits, targets);
    const mean = (perSample: Tensor) => tf.div<tf.Scalar>(tf.sum(perSample), globalCount);
    let loss = mean(hard);
    let divergence = tf.scalar(0);
    if (teacher !== undefined && teacherLogits !== undefined) {
      const { weights } = teacher;
      const divergences = teacherDivergence(tensorflow, logits, teacherLogits, weights.temperature);
      divergence = mean(divergences);
      loss = mean(distillationLoss(hard, divergences, weights));
    }
    kept.push({ logits: tf.keep(logits), loss: tf.keep(loss), divergence: tf.keep(divergence) });
    return lossScaled ? tf.mul<tf.Scalar>(loss, named(inputs, 'lossScale')) : loss;
  })(parameters.map(({ name }) => named(values, name)));
  const [forward] = kept;
  if (forward === undefined) throw new TypeError('the loss was not computed');

  const gradients = new Map<string, Tensor>();
  parameters.forEach(({ name }, index) => {
    const gradient = grads[index];
    if (gradient !== undefined) gradients.set(name, gradient);
  });
  const share = tf.div(images.shape[0], globalCount);
  const hits = tf.equal(tf.argMax(forward.logits, 1), tf.argMax(targets, 1));
  const correct = tf.sum(tf.cast(hits, 'float32'));
  const summary = tf.stack([forward.loss, correct, named(inputs, 'stopRequested'), forward.divergence]);
  const all = new Map([
    ...gradients,
    ...weightedStatistics(layers.statistics, share),
    [figuresName, summary],
  ]);
  tf.dispose([forward.logits, forward.loss, forward.divergence]);
  return new Map(contributionShapes(settings).map(({ name }) => [name, named(all, name)]));
}

/** Contributions of two disjoint sets of samples together. */
export function addContributions(some: Contributions, others: Contributions): Contributions {
  return new Map([...some].map(([name, value]) => [name, tf.add(value, named(others, name))]));
}

/** Contributions of all ranks together, by one all-reduce. */
export function reduceContributions(tensorflow: TensorFlow, local: Contributions): Contributions {
  if (tensorflow.worldSize === 1) return local;
  const names = [...local.keys()];
  const sums = allReduceSum(tensorflow, [...local.values()]);
  return new Map(
    sums.map((sum, index) => {
      const name = names[index];
      if (name === undefined) throw new RangeError(`the all-reduce returned a tensor ${index} too many`);
      return [name, sum];
    }),
  );
}

function teacherValues({ variables }: Network, values: NamedTensors): NamedTensors {
  return new Map(variables.map(({ name }) => [name, named(values, teacherName(name))]));
}

function weightedStatistics(batch: ReadonlyMap<string, BatchStatistics>, share: Tensor): NamedTensors {
  const weighted = new Map<string, Tensor>();
  for (const [name, { mean, variance }] of batch) {
    weighted.set(`${name}.running_mean`, tf.mul(mean, share));
    weighted.set(`${name}.running_var`, tf.mul(variance, share));
    mean.dispose();
    variance.dispose();
  }
  return weighted;
}
