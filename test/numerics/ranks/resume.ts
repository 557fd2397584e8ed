import { readFileSync } from 'node:fs';

import { systemClock } from '../../../operator/base/clock.ts';
import { createLogger } from '../../../operator/base/logging.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../trainer-image/checkpoint/safetensors.ts';
import type { TrainingInput } from '../../../trainer-image/data/training-input.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import type { ComputePrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import { stepSettings } from '../../../trainer-image/train/build-replica.ts';
import { fromCheckpointLayout, toCheckpointLayout } from '../../../trainer-image/train/checkpoint-tensors.ts';
import { createProgressReporter } from '../../../trainer-image/train/progress-reporter.ts';
import { hashTensors } from '../../../trainer-image/train/hash-tensors.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import type { Replica } from '../../../trainer-image/train/replica.ts';
import type { SaveRequest } from '../../../trainer-image/train/snapshot-writer.ts';
import { train } from '../../../trainer-image/train/training-loop.ts';
import { planTraining } from '../../../trainer-image/train/training-plan.ts';
import { untrained, type TrainingPosition } from '../../../trainer-image/train/training-position.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';
import { withoutSpeed } from '../../fixtures/without-speed.ts';
import { answerTask } from '../../golden/ranks/answer-task.ts';
import { randomBatch } from '../../golden/small-network.ts';

export interface ResumeTask {
  readonly precision: ComputePrecision;
  /** `synchronised` where runs of different world sizes are compared. */
  readonly batchNorm: 'local' | 'synchronised';
  /** The step in which the gradients overflow until the loss scale is 4,096 times smaller; absent for none. */
  readonly overflowAt?: number;
  /** Tries of steps after which to stop and continue in a new replica. */
  readonly stopAfter: readonly number[];
  /** A file with the JSON of another world's checkpoint, to continue from instead of the beginning. */
  readonly checkpointFile?: string;
}

/** A checkpoint as it would lie in storage. */
export interface SavedCheckpoint {
  /** JSON of the position. */
  readonly position: string;
  /** safetensors in the layout of torchvision, as base64. */
  readonly tensors: string;
}

export interface ResumeAnswer {
  /** The run that nobody stopped. */
  readonly undisturbed: Ending;
  /** For each stop: where it was, and how the continued run ended. */
  readonly resumed: readonly (Ending & { readonly stoppedAt: number; readonly scale: number })[];
  /** What the last stop saved, and elements of the end of the undisturbed run. */
  readonly checkpoint?: SavedCheckpoint;
  readonly tensors: string;
}

interface Ending {
  readonly hash: string;
  /** Tries of steps. */
  readonly tries: number;
  readonly skipped: number;
  readonly history: string;
  readonly lossScale: unknown;
}

const stepsPerEpoch = 8;
const batchSize = 16;

await answerTask<ResumeTask>(async (tensorflow, task): Promise<ResumeAnswer> => {
  const { checkpointFile } = task;
  const beginning =
    checkpointFile === undefined
      ? undefined
      : (JSON.parse(readFileSync(checkpointFile, 'utf8')) as SavedCheckpoint);
  const undisturbed = await run(tensorflow, task, beginning, undefined);
  const resumed = [];
  let checkpoint: SavedCheckpoint | undefined;
  for (const stopAfter of task.stopAfter) {
    const stopped = await run(tensorflow, task, beginning, stopAfter);
    const position = JSON.parse(stopped.checkpoint.position) as TrainingPosition;
    const end = await run(tensorflow, task, stopped.checkpoint, undefined);
    ({ checkpoint } = stopped);
    const { scale = 1 } = position.lossScale ?? {};
    resumed.push({ ...end.ending, stoppedAt: position.step, scale });
  }
  const { tensors } = undisturbed.checkpoint;
  return {
    ...{ undisturbed: undisturbed.ending, resumed, tensors },
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
});

/** Trains from a checkpoint, or the beginning, to the end or through so many tries of steps, in a replica of its own. */
async function run(
  tensorflow: TensorFlow,
  { precision, batchNorm, overflowAt }: ResumeTask,
  checkpoint: SavedCheckpoint | undefined,
  stopAfter: number | undefined,
): Promise<{ ending: Ending; checkpoint: SavedCheckpoint }> {
  const halves = precision === 'float16';
  const spec = smallSpec({
    model: { imageSize: 8, zeroGamma: false, batchNorm },
    recipe: {
      ...{ epochs: 3, batchSize, averaging: { decay: 0.9 } },
      precision: {
        compute: halves ? 'float16' : 'float32',
        lossScale: halves ? 'dynamic' : 'none',
        lossScaleValue: 32_768,
      },
    },
  });
  const { model, recipe } = spec;
  const network = resNet(model);
  const replica = await createReplica({
    tensorflow,
    settings: stepSettings(network, spec, undefined),
    precision,
    accumulationSteps: 1,
    initialValues: initialValues(network, { ...model, seed: 3 }),
  });
  const from = checkpoint === undefined ? untrained : (JSON.parse(checkpoint.position) as TrainingPosition);
  if (checkpoint !== undefined) {
    const { tensors } = decodeSafetensors(Buffer.from(checkpoint.tensors, 'base64'), 'checkpoint');
    await replica.restore(fromCheckpointLayout(tensors, network));
  }

  const counts = { tries: 0, skipped: 0 };
  let saved: SaveRequest | undefined;
  const plan = planTraining(spec, stepsPerEpoch);
  await train({
    ...{ plan, recipe, from, clock: systemClock, log: createLogger('silent') },
    replica: overflowing(replica, from.step, overflowAt, counts),
    input: randomInput(tensorflow),
    snapshots: {
      save(request) {
        saved = request;
        return Promise.resolve();
      },
      acknowledge: () => undefined,
    },
    reporter: createProgressReporter({
      ...{ plan, from, leads: true, report: () => undefined, clock: systemClock },
      residentMemoryBytes: () => 1,
    }),
    stopRequested: () => counts.tries + 1 === stopAfter,
  });
  if (saved === undefined) throw new Error('nothing was saved');
  // Of all that is saved, the time alone may differ.
  const position = { ...saved.position, trainSeconds: 0 };
  const values = await replica.snapshot();
  const tensors = toCheckpointLayout(values, network);
  const hash = hashTensors(values);
  await replica.close();
  return {
    ending: {
      ...{ hash, ...counts, lossScale: position.lossScale },
      history: JSON.stringify(withoutSpeed(position.history)),
    },
    checkpoint: {
      position: JSON.stringify(position),
      tensors: Buffer.concat(encodeSafetensors(tensors, {})).toString('base64'),
    },
  };
}

/** A replica in which the gradients of one step are so large that they overflow, again and again. */
function overflowing(
  replica: Replica,
  firstStep: number,
  overflowAt: number | undefined,
  counts: { tries: number; skipped: number },
): Replica {
  let step = firstStep;
  return {
    ...replica,
    async step(batch, inputs) {
      const { lossScale = 1 } = inputs;
      const scale = step === overflowAt ? lossScale * 4096 : lossScale;
      const outcome = await replica.step(batch, { ...inputs, lossScale: scale });
      counts.tries += 1;
      if (outcome.finite) step += 1;
      else counts.skipped += 1;
      return outcome;
    },
  };
}

/** This rank's part of random images that depend on the step only. */
function randomInput({ rank, worldSize }: TensorFlow): TrainingInput {
  const share = batchSize / worldSize;
  const partOf = (batch: ReturnType<typeof randomBatch>, first: number, count: number) => ({
    images: batch.images.subarray(first * 64, (first + count) * 64),
    targets: batch.targets.subarray(first * 10, (first + count) * 10),
    count,
  });
  return {
    ...{ trainingSize: 128, validationSize: 8, stepsPerEpoch, fingerprint: '' },
    trainingBatch: (step) =>
      Promise.resolve(partOf(randomBatch(['resume', step], batchSize), rank * share, share)),
    // eslint-disable-next-line @typescript-eslint/require-await -- one batch that is there already
    async *evaluationBatches() {
      yield partOf(randomBatch(['validation'], 8), (rank * 8) / worldSize, 8 / worldSize);
    },
    close: () => Promise.resolve(),
  };
}
