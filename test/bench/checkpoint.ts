import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { resolveSpec, type ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { SpecFields } from '../../operator/api/v1alpha1/spec.ts';
import { modelFile, optimizerFile } from '../../trainer-image/checkpoint/checkpoint-layout.ts';
import { writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import { initialValues } from '../../trainer-image/model/initializers.ts';
import { resNet } from '../../trainer-image/model/resnet.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { startTensorFlow, type TensorFlow } from '../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../trainer-image/train/build-replica.ts';
import { toCheckpointLayoutInTurns } from '../../trainer-image/train/checkpoint-tensors.ts';
import { hashTensorsInTurns } from '../../trainer-image/train/hash-tensors.ts';
import { createReplica } from '../../trainer-image/train/replica-factory.ts';
import type { Replica } from '../../trainer-image/train/replica.ts';
import { smallState } from '../fixtures/small-snapshot.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';
import { figuresOf, type Figures } from './rounds.ts';

/** Upload of the files of a ResNet-50 checkpoint, in MB a second. */
export interface UploadFigures {
  readonly megabytes: number;
  readonly ours: Figures;
  /** `Upload` of the SDK with its own defaults. */
  readonly sdkUpload: Figures;
  /** One `PutObject` of the SDK a file. */
  readonly sdkPut: Figures;
  /** Ours by the SDK's in the same round: above 1 is faster. */
  readonly ratios: { readonly toUpload: Figures; readonly toPut: Figures; readonly toFaster: Figures };
}

/** What a checkpoint costs training, in milliseconds by the median. */
export interface SnapshotFigures {
  readonly megabytes: number;
  /** Copy of weights, statistics and momentum. */
  readonly copyMs: number;
  /** The fingerprint that the ranks compare. */
  readonly agreementMs: number;
  /** Longest time in which the digest of the copy and writing it to disk kept the event loop from starting a step. */
  readonly longestPauseMs: number;
  readonly writeMs: number;
}

export interface CheckpointBench {
  readonly upload: UploadFigures;
  readonly resNet50: SnapshotFigures;
  readonly resNet20: SnapshotFigures & {
    readonly stepMs: number;
    /** Copy and fingerprint by the time of an epoch of 60,000 images. */
    readonly stallShare: number;
  };
}

/**
 * What checkpoints cost, on a real store on this machine: upload beside the SDK's own, interleaved round by round, and
 * the time for which training stands still.
 */
export async function benchCheckpoints(rounds: number): Promise<CheckpointBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-bench-'));
  const server = await startS3Server();
  const tensorflow = startTensorFlow({ threads: { intraOp: 2, interOp: 2 } });
  try {
    await server.createBucket('bench');
    const large = specOf({ depth: 50, variant: 'D', classes: 1000 }, 1024);
    const resNet50 = await withReplica(tensorflow, large, (replica) =>
      measureSnapshot(replica, large, folder, rounds),
    );
    const upload = await measureUpload(server, folder, rounds);
    const small = specOf({ depth: 20, stem: 'small', classes: 10, imageSize: 28, channels: 1 }, 128);
    const resNet20 = await withReplica(tensorflow, small, async (replica) => {
      const snapshot = await measureSnapshot(replica, small, path.join(folder, 'small'), rounds);
      const stepMs = await measureStep(replica, small, rounds);
      const epochMs = (60_000 / small.recipe.batchSize) * stepMs;
      return { ...snapshot, stepMs, stallShare: (snapshot.copyMs + snapshot.agreementMs) / epochMs };
    });
    return { upload, resNet50, resNet20 };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function specOf(model: object, batchSize: number): ResolvedSpec {
  return resolveSpec(
    SpecFields.parse({
      model,
      data: { format: 'fashion-mnist', train: '/data', augmentation: 'none' },
      recipe: { batchSize, precision: { compute: 'float32', lossScale: 'none' } },
      trainers: { gpusPerPod: 1 },
      checkpoints: { uri: '/checkpoints' },
    }),
  );
}

async function withReplica<T>(
  tensorflow: TensorFlow,
  spec: ResolvedSpec,
  use: (replica: Replica) => Promise<T>,
): Promise<T> {
  const network = resNet(spec.model);
  const replica = await createReplica({
    tensorflow,
    settings: stepSettings(network, spec, undefined),
    precision: 'float32',
    accumulationSteps: 1,
    initialValues: initialValues(network, { initializer: 'xavier', zeroGamma: true, seed: 0 }),
  });
  try {
    return await use(replica);
  } finally {
    await replica.close();
  }
}

/** Leaves the files of the last snapshot in `folder`. */
async function measureSnapshot(
  replica: Replica,
  spec: ResolvedSpec,
  folder: string,
  rounds: number,
): Promise<SnapshotFigures> {
  const network = resNet(spec.model);
  const times = { copy: [0], agreement: [0], write: [0], pause: [0] };
  let megabytes = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const agreementMs = await timeOf(() => replica.verifyAgreement());
    const beganAtMs = performance.now();
    const tensors = await replica.snapshot();
    const copyMs = performance.now() - beganAtMs;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await sleep(20); // It watches from its first sample on.
    const writeMs = await timeOf(async () => {
      const weightsHash = await hashTensorsInTurns(tensors);
      const laidOut = await toCheckpointLayoutInTurns(tensors, network);
      await writeSnapshot(folder, laidOut, { ...smallState(1), weightsHash });
    });
    await sleep(20);
    delay.disable();
    megabytes = tensors.reduce((total, { data }) => total + data.length, 0) / 1e6;
    if (round === 0) continue; // Functions are recorded and compiled.
    times.copy.push(copyMs);
    times.agreement.push(agreementMs);
    times.write.push(writeMs);
    times.pause.push(delay.max / 1e6);
  }
  return {
    megabytes,
    copyMs: median(times.copy.slice(1)),
    agreementMs: median(times.agreement.slice(1)),
    longestPauseMs: median(times.pause.slice(1)),
    writeMs: median(times.write.slice(1)),
  };
}

async function measureStep(
  replica: Replica,
  { model, recipe }: ResolvedSpec,
  rounds: number,
): Promise<number> {
  const { batchSize: count } = recipe;
  const images = new Float32Array(count * model.imageSize ** 2 * model.channels).fill(0.5);
  const targets = new Float32Array(count * model.classes).fill(1 / model.classes);
  const times: number[] = [];
  for (let step = 0; step < 5 * rounds; step += 1) {
    const inputs = { learningRate: 0, globalCount: count, lossScale: 1, stopRequested: false };
    const { durationMs } = await replica.step({ images, targets, count }, inputs);
    if (step > 1) times.push(durationMs);
  }
  return median(times);
}

async function measureUpload(server: S3Server, folder: string, rounds: number): Promise<UploadFigures> {
  const { endpoint, credentialsFolder, client } = server;
  const storage = openStorage('s3://bench/ours', { endpoint, credentialsFolder });
  const files = [modelFile, optimizerFile];
  const ours = () =>
    timeOf(async () => {
      for (const name of files) await storage.put(name, { file: path.join(folder, name) });
    });
  const upload = () =>
    timeOf(async () => {
      for (const name of files) {
        const Body = createReadStream(path.join(folder, name));
        await new Upload({ client, params: { Bucket: 'bench', Key: `upload/${name}`, Body } }).done();
      }
    });
  const put = () =>
    timeOf(async () => {
      for (const name of files) {
        const Body = await readFile(path.join(folder, name));
        await client.send(new PutObjectCommand({ Bucket: 'bench', Key: `put/${name}`, Body }));
      }
    });
  const contenders = [ours, upload, put];
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      // Whoever comes first finds a colder disk, so the turns rotate; the first round warms up.
      const index = (round + turn) % contenders.length;
      const durationMs = (await contenders[index]?.()) ?? 0;
      if (round > 0) times[index]?.push(durationMs);
    }
  }
  const [ourMs, uploadMs, putMs] = times;
  const stored = await storage.list('');
  const megabytes = stored.reduce((total, { sizeBytes }) => total + sizeBytes, 0) / 1e6;
  const rate = (ms: readonly number[]) => figuresOf(ms.map((each) => (1000 * megabytes) / each));
  const fasterMs = uploadMs.map((ms, round) => Math.min(ms, putMs[round] ?? NaN));
  const ratioTo = (theirMs: readonly number[]) =>
    figuresOf(ourMs.map((ms, round) => (theirMs[round] ?? NaN) / ms));
  return {
    megabytes,
    ours: rate(ourMs),
    sdkUpload: rate(uploadMs),
    sdkPut: rate(putMs),
    ratios: { toUpload: ratioTo(uploadMs), toPut: ratioTo(putMs), toFaster: ratioTo(fasterMs) },
  };
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now();
  await act();
  return performance.now() - beganAtMs;
}

function median(values: readonly number[]): number {
  return figuresOf(values).median;
}
