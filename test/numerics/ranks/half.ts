import { floatValues, type HostTensor } from '../../../trainer-image/tensorflow/host-tensor.ts';
import type { ComputePrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import type { Replica, StepInputs } from '../../../trainer-image/train/replica.ts';
import { momentumName } from '../../../trainer-image/train/step-settings.ts';
import { nextLossScale } from '../../../trainer-image/tricks/loss-scale.ts';
import { answerTask } from '../../golden/ranks/answer-task.ts';
import { randomBatch, smallReplica, smallSettings } from '../../golden/small-network.ts';

interface Place {
  readonly rank: number;
  readonly worldSize: number;
}

const inputs = (place: Place, lossScale: number): StepInputs => ({
  ...{ learningRate: 0.05, globalCount: 16 * place.worldSize, stopRequested: false, lossScale },
});
const batchOf = (step: number, { rank }: Place) => randomBatch(['half', step, rank], 16);

const tasks = {
  /** One step: the loss, and the gradients as the first momentum has them. */
  async oneStep(replica: Replica, place: Place) {
    const outcome = await replica.step(batchOf(0, place), inputs(place, 1024));
    return { outcome, gradients: momenta(await replica.snapshot()) };
  },

  /** The same step at two loss scales. */
  async rescale(replica: Replica, place: Place) {
    const initial = await replica.snapshot();
    const hashes = [];
    for (const scale of [256, 4096]) {
      await replica.restore(initial);
      await replica.step(batchOf(0, place), inputs(place, scale));
      hashes.push(await replica.verifyAgreement());
    }
    return { hashes };
  },

  /** A step with a loss scale that overflows on the last rank only, taken again until it is finite. */
  async overflow(replica: Replica, place: Place) {
    const last = place.rank === place.worldSize - 1;
    await replica.step(batchOf(0, place), inputs(place, 1024));
    const before = await replica.verifyAgreement();
    let scale = { scale: 2 ** 20, finiteSteps: 0 };
    const scales: number[] = [];
    const between: string[] = [];
    for (;;) {
      const batch = batchOf(1, place);
      // Brighter images have larger activations, which overflow at a smaller scale; elsewhere they do not.
      if (last && scales.length < 3) batch.images.fill(1e5);
      const outcome = await replica.step(batch, inputs(place, scale.scale));
      const next = nextLossScale('dynamic', scale, outcome.finite);
      if (next === undefined) throw new Error('no scale is small enough');
      scale = next;
      scales.push(scale.scale);
      if (outcome.finite) break;
      between.push(await replica.verifyAgreement());
    }
    return { before, between, scales, after: await replica.verifyAgreement() };
  },

  /** What is found when images, a weight or a gradient are not finite, and when all are. */
  async diagnose(replica: Replica, place: Place) {
    const find = (batch = batchOf(0, place), scale = 1) => replica.findNotFinite(batch, inputs(place, scale));
    const last = place.rank === place.worldSize - 1;
    const spoiled = batchOf(0, place);
    if (last) spoiled.images[7] = Number.NaN;
    const snapshot = await replica.snapshot();
    const answer = {
      nothing: (await find()) ?? 'nothing',
      images: await find(spoiled),
      gradient: await find(batchOf(0, place), Infinity),
      // Too much for 16 bits, but not for 32.
      halfGradient: (await find(batchOf(0, place), 2 ** 60)) ?? 'nothing',
    };
    await replica.restore(snapshot.map((tensor) => (tensor.name === 'bn1.bias' ? infinite(tensor) : tensor)));
    return { ...answer, weight: await find() };
  },
};

export type HalfTask = keyof typeof tasks;
export interface HalfQuestion {
  readonly task: HalfTask;
  readonly precision: ComputePrecision;
}
export type HalfAnswer<Name extends HalfTask> = Awaited<ReturnType<(typeof tasks)[Name]>>;

function momenta(tensors: readonly HostTensor[]): Record<string, number[]> {
  const suffix = momentumName('');
  return Object.fromEntries(
    tensors
      .filter(({ name }) => name.endsWith(suffix))
      .map((tensor) => [tensor.name, [...floatValues(tensor)]]),
  );
}

function infinite(tensor: HostTensor): HostTensor {
  const values = new Float32Array(tensor.data.length / 4).fill(Infinity);
  return { ...tensor, data: new Uint8Array(values.buffer) };
}

await answerTask<HalfQuestion>(async (tensorflow: TensorFlow, { task, precision }) => {
  const settings = {
    ...smallSettings,
    lossScaled: true,
    optimizer: { ...smallSettings.optimizer, weightDecay: 0 },
  };
  const replica = await createReplica({ tensorflow, ...smallReplica, settings, precision });
  return tasks[task](replica, tensorflow);
});
