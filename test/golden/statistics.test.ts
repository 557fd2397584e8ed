import { describe, expect, it } from 'vitest';

import { floatValues } from '../../trainer-image/tensorflow/host-tensor.ts';
import type { TraceAnswer, TraceTask } from './ranks/trace.ts';
import { runRanks } from './run-ranks.ts';
import { traceBatch, traceInitialValues } from './trace-network.ts';

/** Mean and unbiased variance by channel of the first convolution, which is written out here: 3x3, 1 to 4 channels. */
function firstLayerStatistics(first: number, count: number) {
  const { images } = traceBatch(first, count, 0.1);
  const [filter] = traceInitialValues({ zeroGamma: false });
  if (filter === undefined) throw new Error('the trace network has no filter');
  const weights = floatValues(filter);
  const pixel = (image: number, y: number, x: number) =>
    y < 0 || x < 0 || y > 27 || x > 27 ? 0 : (images[image * 784 + y * 28 + x] ?? 0);
  return [0, 1, 2, 3].map((channel) => {
    const outputs: number[] = [];
    for (let index = 0; index < count * 784; index++) {
      const [image, y, x] = [Math.floor(index / 784), Math.floor((index % 784) / 28), index % 28];
      let sum = 0;
      for (let tap = 0; tap < 9; tap++) {
        const weight = weights[tap * 4 + channel] ?? 0;
        sum += weight * pixel(image, y + Math.floor(tap / 3) - 1, x + (tap % 3) - 1);
      }
      outputs.push(sum);
    }
    const mean = outputs.reduce((total, value) => total + value, 0) / outputs.length;
    const squares = outputs.reduce((total, value) => total + (value - mean) ** 2, 0);
    return { mean, variance: squares / (outputs.length - 1) };
  });
}

/** L2 norm of the running statistics after one step from mean 0 and variance 1. */
function expectedNorms(shares: readonly number[]) {
  const global = shares.reduce((total, share) => total + share, 0);
  let first = 0;
  const means = [0, 0, 0, 0];
  const variances = [0, 0, 0, 0];
  for (const share of shares) {
    firstLayerStatistics(first, share).forEach(({ mean, variance }, channel) => {
      means[channel] = (means[channel] ?? 0) + (mean * share) / global;
      variances[channel] = (variances[channel] ?? 0) + (variance * share) / global;
    });
    first += share;
  }
  return {
    mean: Math.hypot(...means.map((mean) => 0.1 * mean)),
    variance: Math.hypot(...variances.map((variance) => 0.9 + 0.1 * variance)),
  };
}

describe('running statistics', () => {
  it.each([{ shares: [16] }, { shares: [12, 4] }])(
    'keep 0.9 of the old and take 0.1 of the mean over the ranks, weighted by samples: $shares',
    async ({ shares }) => {
      const task: TraceTask = {
        ...{ precision: 'float64', batchNorm: 'local', naiveMean: false },
        ...{ smoothing: 0.1, decayBiasAndNorm: false, zeroGamma: false, shares },
      };
      const answers = (await runRanks('trace', shares.length, task)) as TraceAnswer[];
      const { mean, variance } = expectedNorms(shares);
      for (const { afterFirst } of answers) {
        expect((afterFirst['bn1.running_mean'] ?? 0) / mean).toBeCloseTo(1, 9);
        // Tight enough to tell the unbiased variance from the biased one.
        expect((afterFirst['bn1.running_var'] ?? 0) / variance).toBeCloseTo(1, 9);
      }
    },
  );
});
