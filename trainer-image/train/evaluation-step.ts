import { inferenceLayers } from '../model/layers.ts';
import type { Network } from '../model/network.ts';
import {
  named,
  type CaptureResult,
  type CaptureSignature,
  type NamedTensors,
} from '../tensorflow/capture.ts';
import { dataTypes } from '../tensorflow/data-type.ts';
import { rank4, softmaxCrossEntropy } from '../tensorflow/kernels.ts';
import { operations } from '../tensorflow/operation.ts';
import { attribute } from '../tensorflow/recording.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';

/** Where the evaluation's one output has what. */
export const evaluationMetrics = { lossSum: 0, top1: 1, top5: 2 } as const;

export function evaluationSignature(network: Network, count: number): CaptureSignature {
  return {
    variables: network.variables,
    inputs: [
      { name: 'images', shape: [count, ...network.imageShape] },
      { name: 'targets', shape: [count, network.classes] },
    ],
  };
}

/** Sums over one batch with the running statistics, as a pure function of the network's variables. */
export function evaluationStep(
  tensorflow: TensorFlow,
  network: Network,
  values: NamedTensors,
  inputs: NamedTensors,
): CaptureResult {
  const images = rank4(named(inputs, 'images'));
  const targets = named(inputs, 'targets');
  const logits = network.forward(inferenceLayers(tensorflow, values), images);
  const losses = softmaxCrossEntropy(tensorflow, logits, targets);

  // Not InTopK: it counts every class of an equal logit as found, so a network of all zeros would be always right.
  const [, best] = operations(
    tensorflow,
    'TopKV2',
    [logits, tf.scalar(Math.min(5, network.classes), 'int32')],
    { T: attribute.type(dataTypes.float32), sorted: attribute.bool(true) },
    2,
  );
  if (best === undefined) throw new TypeError('TopKV2 returned no indices');
  const hits = tf.cast(tf.equal(best, tf.argMax(targets, 1).reshape([-1, 1])), 'float32');
  const top1 = tf.sum(tf.slice(hits, [0, 0], [-1, 1]));
  const top5 = tf.sum(hits);
  return { outputs: [tf.stack([tf.sum(losses), top1, top5])] };
}
