import { setTimeout } from 'node:timers/promises';

import { localContributions } from '../../../trainer-image/train/contributions.ts';
import { uploadBatch } from '../../../trainer-image/train/batch-upload.ts';
import { hashTensors } from '../../../trainer-image/train/hash-tensors.ts';
import { momentumName } from '../../../trainer-image/train/step-settings.ts';
import { capture } from '../../../trainer-image/tensorflow/capture.ts';
import { deviceFunction } from '../../../trainer-image/tensorflow/device-function.ts';
import { free, uploadFloats } from '../../../trainer-image/tensorflow/device-tensor.ts';
import { createVariables } from '../../../trainer-image/tensorflow/variables.ts';
import { stepSignature, trainStep } from '../../../trainer-image/train/train-step.ts';
import {
  float32Tensor,
  float32Values,
  type HostTensor,
} from '../../../trainer-image/tensorflow/host-tensor.ts';
import { tf, type TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import type { Batch, Replica, StepInputs } from '../../../trainer-image/train/replica.ts';
import { randomBatch, smallReplica, smallSettings } from '../small-network.ts';
import { answerTask } from './answer-task.ts';

/** What the tests ask of a small network's replica, by name. */
const tasks = {
  /** Twenty steps in which the ranks' shares differ and the last batch is smaller. */
  async trainTogether(replica: Replica, { rank, worldSize }: TensorFlow) {
    const outcomes = [];
    for (let step = 0; step < 20; step++) {
      const shares = Array.from({ length: worldSize }, (_, index) => (step === 19 ? 3 - index : 8 + index));
      const globalCount = shares.reduce((total, share) => total + share, 0);
      const stopRequested = step === 7 && rank === worldSize - 1;
      const batch = randomBatch([step, rank], shares[rank] ?? 0);
      outcomes.push(await replica.step(batch, { learningRate: 0.05, globalCount, stopRequested }));
    }
    const sums = await replica.allReduceSum([1, 2 ** 40 + rank]);
    return { outcomes, sums, hash: await replica.verifyAgreement() };
  },

  /** Ten steps with timed all-reduces, the same without, and one for which the last rank comes late. */
  async timeAllReduces(replica: Replica, tensorflow: TensorFlow) {
    const { native, rank, worldSize } = tensorflow;
    const [globalCount, lateMs] = [8 * worldSize, 400];
    const untimed = deviceFunction(
      native,
      'untimed',
      capture(tensorflow, stepSignature(smallSettings, 8), (values, inputs) =>
        trainStep(
          tensorflow,
          smallSettings,
          values,
          inputs,
          localContributions(tensorflow, smallSettings, values, inputs),
        ),
      ),
    );
    const variables = await createVariables(native, 'untimed', await replica.snapshot());
    const outcomes = [];
    for (let step = 0; step < 10; step++) {
      const batch = randomBatch([step, rank], 8);
      outcomes.push(await replica.step(batch, { ...oneStep, globalCount }));
      const inputs = [
        ...uploadBatch(native, smallSettings.network, batch, 'float32'),
        ...[oneStep.learningRate, globalCount, 0, 1].map((value) =>
          uploadFloats(native, 'float32', [], [value]),
        ),
      ];
      free(native, [...(await untimed.run([...variables.handles, ...inputs])), ...inputs]);
    }
    const hash = hashTensors(await replica.snapshot());
    if (rank === worldSize - 1) await setTimeout(lateMs);
    const { allReduce: ofLateStep } = await replica.step(randomBatch([10, rank], 8), {
      ...oneStep,
      globalCount,
    });
    const untimedHash = hashTensors(await variables.readAll());
    return { outcomes, hash, untimedHash, lateMs, ofLateStep };
  },

  /** A batch with a NaN on the last rank, between two good ones. */
  async meetNaN(replica: Replica, { rank, worldSize }: TensorFlow) {
    const step = (batch: Batch) => replica.step(batch, { ...oneStep, globalCount: 8 * worldSize });
    await step(randomBatch([0, rank], 8));
    const before = await replica.verifyAgreement();
    const bad = randomBatch([1, rank], 8);
    if (rank === worldSize - 1) bad.images[5] = Number.NaN;
    const skipped = await step(bad);
    const after = await replica.verifyAgreement();
    const next = await step(randomBatch([2, rank], 8));
    return { before, after, skipped: skipped.finite, next };
  },

  /** Steps, a snapshot, steps; then the snapshot again and the same steps. */
  async resume(replica: Replica) {
    const steps = async (from: number) => {
      for (let step = from; step < from + 5; step++) await replica.step(randomBatch([step], 8), oneStep);
      return replica.verifyAgreement();
    };
    const initial = await replica.snapshot();
    await steps(0);
    const snapshot = await replica.snapshot();
    const uninterrupted = await steps(5);
    await replica.restore(snapshot);
    const resumed = await steps(5);
    await replica.restore(initial.filter(({ name }) => !name.endsWith('.momentum')));
    const fromStart = await replica.snapshot();
    return {
      uninterrupted,
      resumed,
      weightsOnly: fromStart.every((tensor, index) => equalBytes(tensor, initial[index])),
      lacking: await rejection(replica.restore(snapshot.slice(1))),
      unknown: await rejection(replica.restore([...snapshot, float32Tensor('x', [1], [0])])),
      // Statistics are not trained, so they have no momentum.
      untrained: await rejection(
        replica.restore([...snapshot, float32Tensor(momentumName('bn1.running_mean'), [1], [0])]),
      ),
    };
  },

  /** A whole batch and its two parts, whose sums have to be the same. */
  async evaluateInParts(replica: Replica) {
    for (let step = 0; step < 10; step++) await replica.step(randomBatch([step], 8), oneStep);
    const whole = randomBatch(['evaluation'], 10);
    const part = (first: number, last: number): Batch => ({
      images: whole.images.subarray(first * 64, last * 64),
      targets: whole.targets.subarray(first * 10, last * 10),
      count: last - first,
    });
    return {
      whole: await replica.evaluate(whole),
      parts: [await replica.evaluate(part(0, 7)), await replica.evaluate(part(7, 10))],
    };
  },

  /** The same step captured and executed operation by operation. */
  async compareEager(replica: Replica, tensorflow: TensorFlow) {
    const batch = randomBatch(['eager'], 8);
    await replica.step(randomBatch([0], 8), oneStep);
    const before = await replica.snapshot();
    const captured = await replica.step(batch, oneStep);
    const after = await replica.snapshot();

    const eager = new Map<string, ArrayLike<number>>();
    let metrics: ArrayLike<number> = [];
    tf.tidy(() => {
      const values = new Map(
        before.map((tensor) => [tensor.name, tf.tensor(float32Values(tensor), [...tensor.shape])]),
      );
      const inputs = new Map<string, tf.Tensor>([
        ['images', tf.tensor(batch.images, [8, 8, 8, 1])],
        ['targets', tf.tensor(batch.targets, [8, 10])],
        ['learningRate', tf.scalar(oneStep.learningRate)],
        ['globalCount', tf.scalar(oneStep.globalCount)],
        ['stopRequested', tf.scalar(0)],
      ]);
      const local = localContributions(tensorflow, smallSettings, values, inputs);
      const result = trainStep(tensorflow, smallSettings, values, inputs, local);
      metrics = result.outputs[0]?.dataSync() ?? [];
      for (const [name, value] of result.assignments ?? []) eager.set(name, value.dataSync());
    });
    const errors = after.map((tensor) => {
      const expected = eager.get(tensor.name) ?? [];
      return Math.max(
        ...float32Values(tensor).map((value, index) => Math.abs(value - (expected[index] ?? NaN))),
      );
    });
    return {
      captured,
      eager: Array.from(metrics),
      largestError: Math.max(...errors),
      compared: errors.length,
    };
  },

  /** Hundreds of steps. */
  async stayFlat(replica: Replica, { native, backend }: TensorFlow) {
    const memoryMiB = () => process.memoryUsage.rss() / 2 ** 20;
    const batch = randomBatch([0], 8);
    for (let step = 0; step < 200; step++) await replica.step(batch, oneStep);
    const before = { memoryMiB: memoryMiB(), tensors: native.countTensors() };
    for (let step = 0; step < 600; step++) await replica.step(batch, oneStep);
    const after = { memoryMiB: memoryMiB(), tensors: native.countTensors() };
    const traced = backend.binding.getNumOfTensors();
    await replica.close();
    return { before, after, traced, closed: native.countTensors() };
  },

  /** The last rank holds one other bit. */
  async diverge(replica: Replica, { rank, worldSize }: TensorFlow) {
    const snapshot = await replica.snapshot();
    const bias = snapshot.find(({ name }) => name === momentumName('fc.bias'));
    if (rank === worldSize - 1 && bias !== undefined) bias.data[0] = 1;
    await replica.restore(snapshot);
    return { error: await rejection(replica.verifyAgreement()) };
  },

  /** Trains until another rank is gone. */
  async losePeer(replica: Replica, { rank, worldSize }: TensorFlow) {
    const globalCount = 8 * worldSize;
    for (let step = 0; ; step++) {
      if (step === 3) process.send?.('training');
      try {
        await replica.step(randomBatch([step, rank], 8), { ...oneStep, globalCount });
      } catch (error) {
        return { error: describe(error) };
      }
      await setTimeout(5);
    }
  },

  /** Calls that have to be refused. */
  async misuse(replica: Replica) {
    const batch = randomBatch([0], 8);
    return {
      images: await rejection(replica.step({ ...batch, count: 9 }, oneStep)),
      empty: await rejection(replica.evaluate({ ...batch, count: 0 })),
    };
  },
};

export type ReplicaTask = keyof typeof tasks;
export type ReplicaAnswer<Name extends ReplicaTask> = Awaited<ReturnType<(typeof tasks)[Name]>>;

const oneStep: StepInputs = { learningRate: 0.05, globalCount: 8, stopRequested: false };

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'nothing', describe);
}

function equalBytes(a: HostTensor, b: HostTensor | undefined): boolean {
  return a.name === b?.name && Buffer.compare(a.data, b.data) === 0;
}

await answerTask<ReplicaTask>(async (tensorflow, task) =>
  tasks[task](await createReplica({ tensorflow, ...smallReplica }), tensorflow),
);
