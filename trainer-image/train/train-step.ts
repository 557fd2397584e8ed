import type { Tensor } from '@tensorflow/tfjs';

import { trainingLayers, type BatchStatistics } from '../model/layers.ts';
import { isTrainable, type Network, type VariableSpec } from '../model/network.ts';
import {
  named,
  type CaptureResult,
  type CaptureSignature,
  type NamedTensors,
} from '../tensorflow/capture.ts';
import { allReduceSum } from '../tensorflow/collectives.ts';
import { dataTypes } from '../tensorflow/data-type.ts';
import { rank4, softmaxCrossEntropy } from '../tensorflow/kernels.ts';
import { operation } from '../tensorflow/operation.ts';
import { attribute } from '../tensorflow/recording.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';
import { nesterovStep } from '../tricks/nesterov.ts';
import { decayedGradient, type WeightDecay } from '../tricks/weight-decay.ts';

export interface OptimizerSettings extends WeightDecay {
  readonly momentum: number;
}

/** How much of a running statistic each step keeps (the reference code's and torch's default). */
const statisticsMomentum = 0.9;

/** Where the step's one output has what. */
export const stepMetrics = { loss: 0, finite: 1, gradientNorm: 2, correct: 3, stopRequested: 4 } as const;

/** Name of the optimiser's memory of a parameter. */
export function momentumName(parameter: string): string {
  return `${parameter}.momentum`;
}

/** Variables of a replica: those of the network, then the momentum of the trainable ones. */
function replicaVariables(network: Network): { name: string; shape: readonly number[] }[] {
  return [
    ...network.variables,
    ...network.variables.filter(isTrainable).map(({ name, shape }) => ({ name: momentumName(name), shape })),
  ];
}

export function trainStepSignature(network: Network, count: number): CaptureSignature {
  return {
    variables: replicaVariables(network),
    inputs: [
      { name: 'images', shape: [count, ...network.imageShape] },
      { name: 'targets', shape: [count, network.classes] },
      { name: 'learningRate', shape: [] },
      { name: 'globalCount', shape: [] },
      { name: 'stopRequested', shape: [] },
    ],
  };
}

/**
 * One optimiser step as a pure function of the variables and the inputs of `trainStepSignature`.
 *
 * The loss is the sum over this rank's samples divided by the number of samples of the global batch, so that sums
 * over the ranks are means that weight every sample alike, whatever share each rank has. One all-reduce carries
 * gradients, batch statistics and metrics. If the reduced loss or gradient is not finite, every variable keeps its
 * value; all ranks see the same sums, so all decide alike.
 */
export function trainStep(
  tensorflow: TensorFlow,
  network: Network,
  optimizer: OptimizerSettings,
  values: NamedTensors,
  inputs: NamedTensors,
): CaptureResult {
  const parameters = network.variables.filter(isTrainable);
  const local = localGradients(tensorflow, network, parameters, values, inputs);
  const { gradients, statistics, loss, correct, stops } = reduceOverRanks(tensorflow, local);

  const gradientNorm = globalNorm(tensorflow, [...gradients.values()]);
  const finite = tf.logicalAnd(tf.isFinite(loss), tf.isFinite(gradientNorm));
  const assignments = new Map<string, Tensor>();
  const assignIfFinite = (name: string, value: Tensor) => {
    const kept = operation(tensorflow, 'SelectV2', [finite, value, named(values, name)], {
      T: attribute.type(dataTypes.float32),
    });
    assignments.set(name, kept);
  };

  for (const { name, kind } of parameters) {
    const value = named(values, name);
    const gradient = decayedGradient(named(gradients, name), value, kind, optimizer);
    const next = nesterovStep(
      { value, velocity: named(values, momentumName(name)) },
      gradient,
      optimizer.momentum,
      named(inputs, 'learningRate'),
    );
    assignIfFinite(name, next.value);
    assignIfFinite(momentumName(name), next.velocity);
  }
  for (const [name, statistic] of statistics) {
    const kept = tf.mul(named(values, name), statisticsMomentum);
    assignIfFinite(name, tf.add(kept, tf.mul(statistic, 1 - statisticsMomentum)));
  }

  const metrics = [
    loss,
    tf.cast(finite, 'float32'),
    gradientNorm,
    correct,
    tf.cast(tf.greater(stops, 0), 'float32'),
  ];
  return { outputs: [tf.stack(metrics)], assignments };
}

interface Contributions {
  /** By parameter, first parameter first. */
  readonly gradients: NamedTensors;
  /** Batch statistics by the name of the running statistic, weighted by this rank's share of the samples. */
  readonly statistics: NamedTensors;
  readonly loss: Tensor;
  readonly correct: Tensor;
  /** How many ranks asked to stop. */
  readonly stops: Tensor;
}

function localGradients(
  tensorflow: TensorFlow,
  network: Network,
  parameters: readonly VariableSpec[],
  values: NamedTensors,
  inputs: NamedTensors,
): Contributions {
  const images = rank4(named(inputs, 'images'));
  const targets = named(inputs, 'targets');
  const globalCount = named(inputs, 'globalCount');
  const layers = trainingLayers(tensorflow, values);
  let logits: Tensor | undefined;
  const { value: loss, grads } = tf.valueAndGrads(() => {
    // Kept, because what is not returned is freed.
    logits = tf.keep(network.forward(layers, images));
    const losses = softmaxCrossEntropy(tensorflow, logits, targets);
    return tf.div<tf.Scalar>(tf.sum(losses), globalCount);
  })(parameters.map(({ name }) => named(values, name)));
  if (logits === undefined) throw new TypeError('the network returned no logits');

  const gradients = new Map<string, Tensor>();
  parameters.forEach(({ name }, index) => {
    const gradient = grads[index];
    if (gradient !== undefined) gradients.set(name, gradient);
  });
  const share = tf.div(images.shape[0], globalCount);
  const statistics = weightedStatistics(layers.statistics, share);
  const hits = tf.equal(tf.argMax(logits, 1), tf.argMax(targets, 1));
  const correct = tf.sum(tf.cast(hits, 'float32'));
  logits.dispose();
  return { gradients, statistics, loss, correct, stops: named(inputs, 'stopRequested') };
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

/** Sums everything over all ranks. */
function reduceOverRanks(tensorflow: TensorFlow, local: Contributions): Contributions {
  if (tensorflow.worldSize === 1) return local;
  // The backward pass computes the gradients of the last layers first.
  const gradientNames = [...local.gradients.keys()].reverse();
  const statisticNames = [...local.statistics.keys()];
  const scalars = tf.stack([local.loss, local.correct, local.stops]);
  const sums = allReduceSum(tensorflow, [
    ...gradientNames.map((name) => named(local.gradients, name)),
    ...statisticNames.map((name) => named(local.statistics, name)),
    scalars,
  ]);
  const summed = new Map([...gradientNames, ...statisticNames].map((name, index) => [name, at(sums, index)]));
  const [loss, correct, stops] = tf.unstack(at(sums, sums.length - 1));
  if (loss === undefined || correct === undefined || stops === undefined) {
    throw new TypeError('the all-reduce lost the metrics');
  }
  return {
    gradients: new Map([...local.gradients.keys()].map((name) => [name, named(summed, name)])),
    statistics: new Map(statisticNames.map((name) => [name, named(summed, name)])),
    loss,
    correct,
    stops,
  };
}

function at(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError(`there is no tensor ${index}`);
  return tensor;
}

/** L2 norm over all elements of all tensors. */
function globalNorm(tensorflow: TensorFlow, tensors: readonly Tensor[]): Tensor {
  const halfSquares = tensors.map((tensor) =>
    operation(tensorflow, 'L2Loss', [tensor], { T: attribute.type(dataTypes.float32) }),
  );
  return tf.sqrt(tf.mul(tf.addN(halfSquares), 2));
}
