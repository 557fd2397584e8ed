import { readFileSync } from 'node:fs';

import {
  batchNormVariables,
  convolutionVariable,
  denseVariables,
  type Network,
} from '../../trainer-image/model/network.ts';
import { elementCount, type HostTensor } from '../../trainer-image/tensorflow/host-tensor.ts';
import { tf } from '../../trainer-image/tensorflow/tensorflow.ts';
import type { Batch } from '../../trainer-image/train/replica.ts';

/**
 * A network so small that its training can be traced in another language: every number here is a closed formula.
 * conv 3x3 1 to 4, BN, ReLU, a residual block of two 3x3 convolutions, ReLU, mean, fully connected 4 to 10.
 */
export const traceNetwork: Network = {
  imageShape: [28, 28, 1],
  classes: 10,
  variables: [
    convolutionVariable('conv1', 3, 1, 4),
    ...batchNormVariables('bn1', 4),
    convolutionVariable('block.conv1', 3, 4, 4),
    ...batchNormVariables('block.bn1', 4),
    convolutionVariable('block.conv2', 3, 4, 4),
    ...batchNormVariables('block.bn2', 4, { endsResidualBlock: true }),
    ...denseVariables('fc', 4, 10),
  ],
  forward(layers, images) {
    const x = layers.relu(layers.batchNorm('bn1', layers.convolution('conv1', images, 1)));
    const y = layers.relu(layers.batchNorm('block.bn1', layers.convolution('block.conv1', x, 1)));
    const z = layers.batchNorm('block.bn2', layers.convolution('block.conv2', y, 1));
    return layers.dense('fc', layers.globalAveragePool(layers.relu(tf.add(z, x))));
  },
};

/** Weights 0.3 sin(k) for k = 1, 2, ... through all filters and matrices in forward order. */
export function traceInitialValues({ zeroGamma }: { zeroGamma: boolean }): HostTensor[] {
  let k = 0;
  return traceNetwork.variables.map(({ name, kind, shape, endsResidualBlock }) => {
    const values = Array.from({ length: elementCount(shape) }, () => {
      switch (kind) {
        case 'convolution':
        case 'weight':
          return 0.3 * Math.sin(++k);
        case 'gamma':
          return zeroGamma && endsResidualBlock === true ? 0 : 1;
        case 'runningVariance':
          return 1;
        default:
          return 0;
      }
    });
    return { name, dtype: 'float64', shape, data: new Uint8Array(Float64Array.from(values).buffer) };
  });
}

const labels = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9];

/** Mean and standard deviation of all pixels of the training images. */
const mean = 72.94035223214286;
const deviation = 90.02118235130526;

/** Some of the first 16 training images of Fashion-MNIST, with smoothed targets, in float64. */
export function traceBatch(first: number, count: number, smoothing: number): Batch {
  const pixels = readFileSync(new URL('fashion-mnist-first-16.bin', import.meta.url));
  const images = Float64Array.from(
    pixels.subarray(first * 784, (first + count) * 784),
    (pixel) => (pixel - mean) / deviation,
  );
  const targets = new Float64Array(count * 10).fill(smoothing / 9);
  for (let sample = 0; sample < count; sample++) {
    targets[sample * 10 + (labels[first + sample] ?? 0)] = 1 - smoothing;
  }
  return { images, targets, count };
}

/** Warm-up over 3 steps, then half a cosine over 7, from 0.1. */
export function traceLearningRate(step: number): number {
  return step <= 3 ? (0.1 * step) / 3 : 0.05 * (1 + Math.cos(((step - 3) * Math.PI) / 7));
}
