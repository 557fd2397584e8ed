import { withoutDecoding } from '../../fixtures/input-resources.ts';
import { openTrainingInput } from '../../../trainer-image/data/training-input.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import type { Network } from '../../../trainer-image/model/network.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../../trainer-image/train/build-replica.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import type { Batch, StepOutcome } from '../../../trainer-image/train/replica.ts';
import { answerTask } from '../../golden/ranks/answer-task.ts';
import { randomBatch } from '../../golden/small-network.ts';
import { smallSpec, type SmallSpecChanges } from '../../fixtures/small-spec.ts';

export interface EquivalenceTask {
  readonly changes: SmallSpecChanges;
  readonly steps: number;
  /** Where the images are: a data set, or random ones of 8 x 8 pixels, and then how many each rank has. */
  readonly images: { readonly folder: string } | { readonly shares: readonly number[] };
  /** Whether the recipe's teacher teaches. Its weights are random: only its arithmetic matters. */
  readonly teacher: boolean;
  /** Weights every rank alike instead of every image. */
  readonly naiveMean: boolean;
}

export interface EquivalenceAnswer {
  readonly losses: readonly number[];
  readonly divergences: readonly number[];
  /** float64 elements of every tensor of the replica, by name, as base64. */
  readonly tensors: Readonly<Record<string, string>>;
}

await answerTask<EquivalenceTask>(async (tensorflow, task): Promise<EquivalenceAnswer> => {
  const { changes, steps, teacher: taught, naiveMean } = task;
  const small = 'shares' in task.images;
  const spec = smallSpec({ ...changes, model: { ...changes.model, ...(small ? { imageSize: 8 } : {}) } });
  const { model, recipe } = spec;
  const network = resNet(model);
  const teacher = taught ? resNet({ ...model, depth: 14, variant: 'D' }) : undefined;
  const initial = (of: Network, seed: number) =>
    initialValues(of, { initializer: model.initializer, zeroGamma: model.zeroGamma, seed });
  const batches = await batchSource(tensorflow, task, recipe.batchSize);
  const replica = await createReplica({
    tensorflow,
    settings: stepSettings(network, spec, teacher === undefined ? undefined : { network: teacher }),
    precision: 'float64',
    accumulationSteps: recipe.accumulationSteps,
    initialValues: initial(network, 1),
    ...(teacher === undefined ? {} : { teacherValues: initial(teacher, 2) }),
  });
  const outcomes: StepOutcome[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = await batches(step);
    outcomes.push(
      await replica.step(batch, {
        learningRate: 0.05,
        globalCount: naiveMean ? tensorflow.worldSize * batch.count : recipe.batchSize,
        stopRequested: false,
      }),
    );
  }
  const tensors = tensorflow.rank === 0 ? await replica.snapshot() : [];
  return {
    losses: outcomes.map(({ loss }) => loss),
    divergences: outcomes.map(({ teacherDivergence }) => teacherDivergence ?? 0),
    tensors: Object.fromEntries(
      tensors.map(({ name, data }) => [name, Buffer.from(data).toString('base64')]),
    ),
  };
});

/** This rank's share of the batch of each step. */
async function batchSource(
  { rank, worldSize }: TensorFlow,
  { images, changes }: EquivalenceTask,
  batchSize: number,
): Promise<(step: number) => Promise<Batch>> {
  if ('folder' in images) {
    const data = { ...changes.data, train: images.folder };
    const input = await openTrainingInput(
      smallSpec({ ...changes, data }),
      { rank, worldSize },
      withoutDecoding,
    );
    return (step) => input.trainingBatch(step);
  }
  const first = images.shares.slice(0, rank).reduce((sum, share) => sum + share, 0);
  const count = images.shares[rank] ?? 0;
  return (step) => {
    const batch = randomBatch(['equivalence', step], batchSize);
    return Promise.resolve({
      images: batch.images.subarray(first * 64, (first + count) * 64),
      targets: batch.targets.subarray(first * 10, (first + count) * 10),
      count,
    });
  };
}
