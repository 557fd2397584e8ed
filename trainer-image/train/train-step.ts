import type { Tensor } from '@tensorflow/tfjs';

import { assertNever } from '../../operator/base/errors.ts';
import {
  named,
  type CaptureResult,
  type CaptureSignature,
  type NamedTensors,
} from '../tensorflow/capture.ts';
import { stageCount } from '../model/stages.ts';
import { dataTypes } from '../tensorflow/data-type.ts';
import { operation } from '../tensorflow/operation.ts';
import { attribute } from '../tensorflow/recording.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';
import { movingAverage } from '../tricks/averaging.ts';
import { momentumStep, type ParameterState } from '../tricks/momentum.ts';
import { nesterovStep } from '../tricks/nesterov.ts';
import { rateFactor } from '../tricks/fine-tuning.ts';
import { decayedGradient } from '../tricks/weight-decay.ts';
import { figures, figuresName, reduceContributions, type Contributions } from './contributions.ts';
import {
  averageName,
  followingStatistics,
  learnedVariables,
  momentumName,
  replicaVariables,
  teacherVariables,
  type StepSettings,
  type VariableShape,
} from './step-settings.ts';

/** How much of a running statistic each step keeps (the reference code's and torch's default). */
const statisticsMomentum = 0.9;

/** Where the step's one output has what. */
export const stepMetrics = {
  loss: 0,
  finite: 1,
  gradientNorm: 2,
  correct: 3,
  stopRequested: 4,
  divergence: 5,
} as const;

/** Names of the scalar inputs of every function of a step, after images and targets. */
export const scalarInputs = ['learningRate', 'globalCount', 'stopRequested', 'lossScale'] as const;

/**
 * What the functions of a step take for `count` samples.
 * @param more variables besides those of the replica and its teacher
 */
export function stepSignature(
  settings: StepSettings,
  count: number,
  more: readonly VariableShape[] = [],
): CaptureSignature {
  const { imageShape, classes } = settings.network;
  return {
    variables: [...replicaVariables(settings), ...teacherVariables(settings), ...more],
    inputs: [
      { name: 'images', shape: [count, ...imageShape] },
      { name: 'targets', shape: [count, classes] },
      ...scalarInputs.map((name) => ({ name, shape: [] })),
    ],
  };
}

/**
 * One optimiser step from what this rank contributes, as a pure function of the variables and the inputs of
 * `stepSignature`.
 *
 * One all-reduce carries gradients, batch statistics and figures. If the reduced loss or gradient is not finite,
 * every variable keeps its value; all ranks see the same sums, so all decide alike.
 */
export function trainStep(
  tensorflow: TensorFlow,
  settings: StepSettings,
  values: NamedTensors,
  inputs: NamedTensors,
  local: Contributions,
): CaptureResult {
  const { network, optimizer, averagingDecay, fineTuning } = settings;
  const summed = reduceContributions(tensorflow, local);
  const summary = tf.unstack(named(summed, figuresName));
  const figure = (name: keyof typeof figures): Tensor => {
    const tensor = summary[figures[name]];
    if (tensor === undefined) throw new TypeError(`the all-reduce lost the figure ${name}`);
    return tensor;
  };
  const parameters = learnedVariables(settings);
  const stages = stageCount(network.variables);
  const gradients = unscaledGradients(settings, parameters, summed, inputs);
  const loss = figure('loss');
  const gradientNorm = globalNorm(tensorflow, [...gradients.values()]);
  const finite = tf.logicalAnd(tf.isFinite(loss), tf.isFinite(gradientNorm));
  const assignments = new Map<string, Tensor>();
  const assignIfFinite = (name: string, value: Tensor) => {
    // Not SelectV2, whose kernel broadcasts tensors of four dimensions in blocks: this one copies.
    const kept = operation(tensorflow, 'Select', [finite, value, named(values, name)], {
      T: attribute.type(dataTypes.float32),
    });
    assignments.set(name, kept);
  };
  const update = (name: string, value: Tensor) => {
    assignIfFinite(name, value);
    if (averagingDecay === undefined) return;
    const average = named(values, averageName(name));
    assignIfFinite(averageName(name), movingAverage(average, value, averagingDecay));
  };
  for (const { name, kind } of parameters) {
    const value = named(values, name);
    const gradient = decayedGradient(named(gradients, name), value, kind, optimizer);
    const state = { value, velocity: named(values, momentumName(name)) };
    const factor = rateFactor(name, stages, fineTuning);
    const base = named(inputs, 'learningRate');
    const learningRate = factor === 1 ? base : tf.mul(base, factor);
    const updated = optimizerStep(state, gradient, optimizer, learningRate);
    assignIfFinite(momentumName(name), updated.velocity);
    update(name, updated.value);
  }
  for (const { name } of followingStatistics(settings)) {
    const kept = tf.mul(named(values, name), statisticsMomentum);
    update(name, tf.add(kept, tf.mul(named(summed, name), 1 - statisticsMomentum)));
  }

  const metrics = [
    loss,
    tf.cast(finite, 'float32'),
    gradientNorm,
    figure('correct'),
    tf.cast(tf.greater(figure('stops'), 0), 'float32'),
    figure('divergence'),
  ];
  return { outputs: [tf.stack(metrics)], assignments };
}

function unscaledGradients(
  { lossScaled }: StepSettings,
  parameters: readonly VariableShape[],
  summed: Contributions,
  inputs: NamedTensors,
): NamedTensors {
  // Divided in float32 and after the reduce, so that whatever overflowed is still seen.
  const inverse = lossScaled ? tf.div(1, named(inputs, 'lossScale')) : undefined;
  return new Map(
    parameters.map(({ name }) => {
      const gradient = named(summed, name);
      return [name, inverse === undefined ? gradient : tf.mul(gradient, inverse)];
    }),
  );
}

function optimizerStep(
  state: ParameterState,
  gradient: Tensor,
  optimizer: StepSettings['optimizer'],
  learningRate: Tensor,
): ParameterState {
  switch (optimizer.name) {
    case 'nesterov':
      return nesterovStep(state, gradient, optimizer, learningRate);
    case 'sgd':
      return momentumStep(state, gradient, optimizer, learningRate);
    default:
      return assertNever(optimizer.name);
  }
}

/** L2 norm over all elements of all tensors. */
function globalNorm(tensorflow: TensorFlow, tensors: readonly Tensor[]): Tensor {
  const halfSquares = tensors.map((tensor) =>
    operation(tensorflow, 'L2Loss', [tensor], { T: attribute.type(dataTypes.float32) }),
  );
  return tf.sqrt(tf.mul(tf.addN(halfSquares), 2));
}
