import { performance } from 'node:perf_hooks';
import { Model } from '../../operator/api/v1alpha1/model.ts';
import { resolveRecipe } from '../../operator/api/v1alpha1/presets.ts';
import { Recipe } from '../../operator/api/v1alpha1/recipe.ts';
import { counterRandom } from '../data/random.ts';
import { resNet } from '../model/resnet.ts';
import { buildReplica, tensorFlowOnce, type ProcessPlace } from './build-replica.ts';

/** Steps to take for the time they take, on one rank of a world. */
export interface ThroughputTask extends ProcessPlace {
  readonly depth: number;
  readonly variant: string;
  readonly imageSize: number;
  /** Images a step over all ranks. */
  readonly batchSize: number;
  readonly precision: string;
  readonly warmupSteps: number;
  readonly steps: number;
}

/** What the steps of a world took. */
export interface Throughput {
  /** Of all ranks together. */
  readonly imagesPerSecond: number;
  /** Most memory that this rank's process held, not counting that of a GPU. */
  readonly peakMemoryMiB: number;
  /** What this rank computed on. */
  readonly device: 'GPU' | 'CPU';
}

/**
 * Trains on one random batch, with everything that a step has: forward and backward pass, all-reduces, update. Every rank
 * of the world calls it.
 * @throws ReplicasDiverged if ranks end with other weights, Error if a loss is not finite
 */
export async function measureThroughput(task: ThroughputTask): Promise<Throughput> {
  const { depth, variant, imageSize, batchSize, precision, warmupSteps, steps, rank, addresses } = task;
  const classes = 1000;
  const model = Model.parse({ depth, variant, imageSize, classes });
  const recipe = resolveRecipe(
    Recipe.parse({
      preset: 'efficient',
      batchSize,
      // A scale with which the first steps of random weights do not overflow: those are taken again.
      precision: {
        compute: precision,
        lossScale: precision === 'float16' ? 'static' : 'none',
        lossScaleValue: 128,
      },
    }),
  );
  const tensorflow = tensorFlowOnce(task);
  const replica = await buildReplica(resNet(model), { model, recipe }, { tensorflow, teacher: undefined });
  const count = batchSize / addresses.length;
  const random = counterRandom(['throughput', rank]);
  const targets = new Float32Array(count * classes);
  for (let sample = 0; sample < count; sample += 1) targets[sample * classes + random.integer(classes)] = 1;
  const images = Float32Array.from({ length: count * imageSize ** 2 * 3 }, () => random.normal());
  const inputs = {
    ...{ learningRate: 1e-3, globalCount: batchSize, stopRequested: false },
    lossScale: recipe.precision.lossScale === 'none' ? 1 : recipe.precision.lossScaleValue,
  };
  const take = async (wanted: number) => {
    for (let step = 0; step < wanted; step += 1) {
      const { loss, finite } = await replica.step({ images, targets, count }, inputs);
      if (!finite) throw new Error(`the loss or gradient of a random batch is not finite (loss ${loss})`);
    }
  };
  await take(warmupSteps);
  const startedAt = performance.now();
  await take(steps);
  const seconds = (performance.now() - startedAt) / 1000;
  await replica.verifyAgreement();
  return {
    imagesPerSecond: (steps * batchSize) / seconds,
    // In KiB on Linux.
    peakMemoryMiB: process.resourceUsage().maxRSS / 1024,
    device: tensorflow().backend.binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
  };
}
