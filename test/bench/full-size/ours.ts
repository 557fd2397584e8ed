import { performance } from 'node:perf_hooks';
import { counterRandom } from '../../../trainer-image/data/random.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import { buildReplica, tensorFlowOnce } from '../../../trainer-image/train/build-replica.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';

/** Our side of the bench of full-size networks, one process a rank: whole steps on one random batch. */
export interface FullSizeTask {
  readonly depth: 18 | 50;
  readonly imageSize: number;
  /** Images a step over all ranks. */
  readonly batchSize: number;
  readonly rank: number;
  readonly addresses: readonly string[];
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

const task = JSON.parse(process.argv[2] ?? '') as FullSizeTask;
const { depth, imageSize, batchSize, warmupSteps, steps, addresses } = task;
const classes = 1000;
const spec = smallSpec({
  model: { depth, variant: 'D', stem: 'imagenet', classes, imageSize, channels: 3 },
  recipe: { batchSize },
});
const replica = await buildReplica(resNet(spec.model), spec, {
  tensorflow: tensorFlowOnce(task),
  teacher: undefined,
});
const count = batchSize / addresses.length;
const random = counterRandom(['full-size', task.rank]);
const targets = new Float32Array(count * classes);
for (let sample = 0; sample < count; sample += 1) targets[sample * classes + random.integer(classes)] = 1;
const images = Float32Array.from({ length: count * imageSize ** 2 * 3 }, () => random.normal());
const step = () =>
  replica.step(
    { images, targets, count },
    { learningRate: 0.01, globalCount: batchSize, stopRequested: false },
  );

for (let index = 0; index < warmupSteps; index += 1) await step();
const startedAt = performance.now();
for (let index = 0; index < steps; index += 1) await step();
const seconds = (performance.now() - startedAt) / 1000;
const figures = {
  imagesPerSecond: (steps * batchSize) / seconds,
  // In KiB on Linux.
  peakMemoryMiB: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(figures)}\n`, () => {
  process.exit(0); // TensorFlow's server has no end of its own.
});
