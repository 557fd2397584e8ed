import type { FineTuning } from '../../../operator/api/v1alpha1/recipe.ts';
import { counterRandom } from '../../../trainer-image/data/random.ts';
import { floatValues, toFloat, type HostTensor } from '../../../trainer-image/tensorflow/host-tensor.ts';
import type { ComputePrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import type { Batch, Replica, StepInputs } from '../../../trainer-image/train/replica.ts';
import { momentumName, type StepSettings } from '../../../trainer-image/train/step-settings.ts';
import { randomBatch, smallReplica, smallSettings } from '../small-network.ts';
import { answerTask } from './answer-task.ts';

const count = 16;
const learnAlike: FineTuning = { frozenStages: 0, frozenBatchNorm: false, layerDecay: 1, classifierRate: 1 };

/** What the tests ask of small networks with different parts frozen, by name. */
const tasks = {
  /** Names of what five steps leave bit-equal, and of what is remembered of the parameters. */
  async keepFrozen(tensorflow: TensorFlow) {
    const kept = async (fineTuning: Partial<FineTuning>) => {
      const replica = await open(tensorflow, { fineTuning, averagingDecay: 0.5 });
      const before = await replica.snapshot();
      for (let step = 0; step < 5; step++) await replica.step(randomBatch([step], count), inputs(0.05));
      const after = new Map((await replica.snapshot()).map((tensor) => [tensor.name, tensor]));
      await replica.close();
      const momenta = before.map(({ name }) => name).filter((name) => name.endsWith(momentumName('')));
      return {
        kept: before.filter((tensor) => equalBytes(tensor, after.get(tensor.name))).map(nameOf),
        momenta,
      };
    };
    return {
      stages: await kept({ frozenStages: 2 }),
      batchNorm: await kept({ frozenBatchNorm: true }),
      nothing: await kept({}),
    };
  },

  /** The first update of every parameter by that of equal rates. */
  async compareRates(tensorflow: TensorFlow) {
    const updates = async (fineTuning: Partial<FineTuning>) => {
      const replica = await open(tensorflow, { fineTuning, precision: 'float64' });
      const before = await replica.snapshot();
      await replica.step(randomBatch(['rates'], count), inputs(0.05));
      const after = new Map((await replica.snapshot()).map((tensor) => [tensor.name, tensor]));
      await replica.close();
      return new Map(before.map((tensor) => [tensor.name, norm(difference(after.get(tensor.name), tensor))]));
    };
    const alike = await updates({});
    const layered = await updates({ layerDecay: 0.5, classifierRate: 10 });
    return Object.fromEntries([...layered].map(([name, size]) => [name, size / (alike.get(name) ?? NaN)]));
  },

  /**
   * The loss of a step and of an evaluation with all batch normalisations frozen, and the derivative of that loss in a
   * random direction, by its gradient and by differences.
   */
  async compareFrozenBatchNorm(tensorflow: TensorFlow) {
    const fineTuning = { frozenBatchNorm: true };
    const replica = await open(tensorflow, { fineTuning, precision: 'float64' });
    const values = typicalValues(await replica.snapshot());
    const batch = randomBatch(['frozen'], count);
    const lossAt = async (tensors: readonly HostTensor[]) => {
      await replica.restore(tensors);
      return (await replica.step(batch, inputs(0))).loss;
    };
    const loss = await lossAt(values);
    const gradients = new Map((await replica.snapshot()).map((tensor) => [tensor.name, floatValues(tensor)]));
    await replica.restore(values);
    const { lossSum } = await replica.evaluate(batch);

    // So narrow that hardly a ReLU bends within it.
    const width = 1e-7;
    let expected = 0;
    const moved = (by: number) =>
      values.map((tensor) => {
        const gradient = gradients.get(momentumName(tensor.name));
        if (gradient === undefined) return tensor;
        const random = counterRandom(['direction', tensor.name]);
        return withValues(tensor, (value, index) => {
          const along = random.normal();
          if (by > 0) expected += along * (gradient[index] ?? NaN);
          return value + by * along;
        });
      });
    const [above, below] = [await lossAt(moved(width)), await lossAt(moved(-width))];
    await replica.close();
    return { loss, evaluated: lossSum / count, derivative: (above - below) / (2 * width), expected };
  },

  /** The weights after five steps of one batch that is shared among the ranks. */
  async trainTogether(tensorflow: TensorFlow) {
    const { rank, worldSize } = tensorflow;
    const fineTuning = { frozenStages: 1, frozenBatchNorm: true, layerDecay: 0.5 };
    const replica = await open(tensorflow, { fineTuning, precision: 'float64' });
    const share = count / worldSize;
    for (let step = 0; step < 5; step++) {
      await replica.step(partOf(randomBatch([step], count), rank * share, share), inputs(0.05));
    }
    await replica.verifyAgreement();
    return { values: (await replica.snapshot()).flatMap((tensor) => [...floatValues(tensor)]) };
  },

  /** One step in half precision and one in float32; then a stop, and going on with less and with more frozen. */
  async continueElsewhere(tensorflow: TensorFlow) {
    const fineTuning = { frozenStages: 1, frozenBatchNorm: true };
    const half = await open(tensorflow, { fineTuning, precision: 'float16' });
    const halfLoss = (await half.step(randomBatch(['half'], count), inputs(0.05))).loss;
    await half.close();

    const replica = await open(tensorflow, { fineTuning });
    const { loss } = await replica.step(randomBatch(['half'], count), inputs(0.05));
    const snapshot = await replica.snapshot();
    const next = async (each: Replica) => {
      const outcome = await each.step(randomBatch(['next'], count), inputs(0.05));
      return { loss: outcome.loss, hash: await each.verifyAgreement() };
    };
    const uninterrupted = await next(replica);
    await replica.close();
    const continued = async (changed: Partial<FineTuning>) => {
      const other = await open(tensorflow, { fineTuning: changed });
      await other.restore(snapshot);
      const answer = await next(other);
      await other.close();
      return answer;
    };
    return {
      ...{ loss, halfLoss, uninterrupted },
      alike: await continued(fineTuning),
      thawed: await continued({ ...fineTuning, frozenStages: 0 }),
      frozen: await continued({ ...fineTuning, frozenStages: 3 }),
    };
  },
};

export type FineTuningTask = keyof typeof tasks;
export type FineTuningAnswer<Name extends FineTuningTask> = Awaited<ReturnType<(typeof tasks)[Name]>>;

interface Opening {
  readonly fineTuning: Partial<FineTuning>;
  readonly precision?: ComputePrecision;
  readonly averagingDecay?: number;
}

async function open(
  tensorflow: TensorFlow,
  { fineTuning, precision = 'float32', ...more }: Opening,
): Promise<Replica> {
  const settings: StepSettings = {
    ...{ ...smallSettings, ...more, fineTuning: { ...learnAlike, ...fineTuning } },
    optimizer: { ...smallSettings.optimizer, weightDecay: 0 },
  };
  return createReplica({ tensorflow, ...smallReplica, settings, precision });
}

const inputs = (learningRate: number): StepInputs => ({
  ...{ learningRate, globalCount: count, stopRequested: false },
});

const nameOf = ({ name }: HostTensor) => name;

function partOf({ images, targets }: Batch, first: number, size: number): Batch {
  return {
    images: images.subarray(first * 64, (first + size) * 64),
    targets: targets.subarray(first * 10, (first + size) * 10),
    count: size,
  };
}

function equalBytes(a: HostTensor, b: HostTensor | undefined): boolean {
  return b !== undefined && Buffer.compare(a.data, b.data) === 0;
}

function difference(a: HostTensor | undefined, b: HostTensor): number[] {
  const values = a === undefined ? [] : floatValues(a);
  return [...floatValues(b)].map((value, index) => (values[index] ?? NaN) - value);
}

function norm(values: readonly number[]): number {
  return Math.hypot(...values);
}

function withValues(tensor: HostTensor, change: (value: number, index: number) => number): HostTensor {
  const values = Float64Array.from(floatValues(toFloat(tensor, 'float64')), change);
  return { ...tensor, dtype: 'float64', data: new Uint8Array(values.buffer) };
}

/** Statistics, scales and offsets of which none is 0 or 1, so that one that is left out shows. */
function typicalValues(tensors: readonly HostTensor[]): HostTensor[] {
  return tensors
    .filter(({ name }) => !name.endsWith(momentumName('')))
    .map((tensor) => {
      const random = counterRandom(['typical', tensor.name]);
      return tensor.shape.length > 1 ? tensor : withValues(tensor, (value) => value + random.uniform());
    });
}

await answerTask<FineTuningTask>((tensorflow, task) => tasks[task](tensorflow));
