import type { Tensor } from '@tensorflow/tfjs';

import { named, type CaptureResult, type NamedTensors } from '../tensorflow/capture.ts';
import { allReduceSum, diagnosisKey } from '../tensorflow/collectives.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';
import { figures, figuresName, localContributions } from './contributions.ts';
import { learnedVariables, type StepSettings } from './step-settings.ts';

/** What may be not finite, in the order in which a step computes it: what comes first is the cause of the rest. */
export function suspects(settings: StepSettings): string[] {
  const { network } = settings;
  return [
    'the images',
    'the targets',
    ...network.variables.map(({ name }) => `the value of ${name}`),
    'the loss',
    // The backward pass begins at the last layer.
    ...learnedVariables(settings)
      .reverse()
      .map(({ name }) => `the gradient of ${name}`),
  ];
}

/**
 * How many ranks have each of the suspects not finite, as one vector. A function of its own, run only when a step
 * failed, so that steps that do not need not ask.
 */
export function diagnosisStep(
  tensorflow: TensorFlow,
  settings: StepSettings,
  values: NamedTensors,
  inputs: NamedTensors,
): CaptureResult {
  const { variables } = settings.network;
  const contributions = localContributions(tensorflow, settings, values, inputs);
  const loss = tf.slice(named(contributions, figuresName), [figures.loss], [1]);
  const evidence = [
    named(inputs, 'images'),
    named(inputs, 'targets'),
    ...variables.map(({ name }) => named(values, name)),
    loss,
    ...learnedVariables(settings)
      .reverse()
      .map(({ name }) => named(contributions, name)),
  ];
  const flags = tf.stack(evidence.map(isNotFinite));
  if (tensorflow.worldSize === 1) return { outputs: [flags] };
  return { outputs: allReduceSum(tensorflow, [flags], diagnosisKey) };
}

/** 1 if any element is NaN or infinite, else 0. */
function isNotFinite(tensor: Tensor): Tensor {
  return tf.sub(1, tf.cast(tf.all(tf.isFinite(tensor)), 'float32'));
}
