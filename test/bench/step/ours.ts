import { performance } from 'node:perf_hooks';
import { resolveSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { SpecFields } from '../../../operator/api/v1alpha1/spec.ts';
import { openTrainingInput } from '../../../trainer-image/data/training-input.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import { float32Values } from '../../../trainer-image/tensorflow/host-tensor.ts';
import { startTensorFlow, tf } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../../trainer-image/train/build-replica.ts';
import { localContributions } from '../../../trainer-image/train/contributions.ts';
import { createPrefetch } from '../../../trainer-image/train/prefetch.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import { trainStep } from '../../../trainer-image/train/train-step.ts';

/**
 * Our side of the bench, one process a rank: real images, augmentation, optimiser and all-reduce, as in a run.
 * `node ours.ts '{"mode":"captured","rank":0,"addresses":["127.0.0.1:0"],"threads":2,...}'` prints images a second of
 * this rank's world.
 */
interface StepTask {
  readonly mode: 'captured' | 'eager';
  readonly rank: number;
  readonly addresses: readonly string[];
  readonly threads: number;
  readonly data: string;
  /** Images a step over all ranks. */
  readonly batchSize: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

const task = JSON.parse(process.argv[2] ?? '') as StepTask;
const worldSize = task.addresses.length;
const spec = resolveSpec(
  SpecFields.parse({
    model: { depth: 20, variant: 'A', stem: 'small', classes: 10, imageSize: 28, channels: 1 },
    data: { format: 'fashion-mnist', train: task.data, augmentation: 'light' },
    recipe: {
      batchSize: task.batchSize,
      precision: { compute: 'float32', lossScale: 'none' },
      mixup: { alpha: 0 },
    },
    trainers: { gpusPerPod: worldSize },
    checkpoints: { uri: '/unused' },
  }),
);
const network = resNet(spec.model);
const settings = stepSettings(network, spec, undefined);
const tensorflow = startTensorFlow({
  // As `build-replica.ts` has it.
  threads: { intraOp: task.threads, interOp: task.threads },
  ...(worldSize > 1 ? { cluster: { rank: task.rank, addresses: task.addresses } } : {}),
});
const replica = await createReplica({
  tensorflow,
  settings,
  precision: 'float32',
  accumulationSteps: 1,
  initialValues: initialValues(network, { initializer: 'xavier', zeroGamma: true, seed: 0 }),
});
const input = await openTrainingInput(
  spec,
  { rank: task.rank, worldSize },
  { native: () => tensorflow.native, threads: task.threads, storage: {} },
);
const batches = createPrefetch((step) => input.trainingBatch(step), 0, task.warmupSteps + task.steps);
const learningRate = 0.01;

/** A step as the trainer takes it. */
async function capturedStep(): Promise<void> {
  await replica.step(await batches.next(), {
    learningRate,
    globalCount: task.batchSize,
    stopRequested: false,
  });
}

/** The same step executed operation by operation; its new values are read back by nobody. */
const values = new Map(
  (await replica.snapshot()).map((tensor) => [
    tensor.name,
    tf.tensor(float32Values(tensor), [...tensor.shape]),
  ]),
);
async function eagerStep(): Promise<void> {
  const batch = await batches.next();
  const next = tf.tidy(() => {
    const inputs = new Map<string, tf.Tensor>([
      ['images', tf.tensor(batch.images, [batch.count, ...network.imageShape])],
      ['targets', tf.tensor(batch.targets, [batch.count, network.classes])],
      ['learningRate', tf.scalar(learningRate)],
      ['globalCount', tf.scalar(task.batchSize)],
      ['stopRequested', tf.scalar(0)],
    ]);
    const local = localContributions(tensorflow, settings, values, inputs);
    const { outputs, assignments } = trainStep(tensorflow, settings, values, inputs, local);
    outputs[0]?.dataSync();
    return [...(assignments ?? [])].map(([name, value]) => ({ name, value: tf.keep(value) }));
  });
  for (const { name, value } of next) {
    values.get(name)?.dispose();
    values.set(name, value);
  }
}

const step = task.mode === 'captured' ? capturedStep : eagerStep;
for (let index = 0; index < task.warmupSteps; index += 1) await step();
const startedAt = performance.now();
for (let index = 0; index < task.steps; index += 1) await step();
const seconds = (performance.now() - startedAt) / 1000;
process.stdout.write(
  `${JSON.stringify({ imagesPerSecond: (task.steps * task.batchSize) / seconds })}\n`,
  () => {
    process.exit(0); // TensorFlow's server has no end of its own.
  },
);
