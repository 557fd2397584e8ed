import { createHash } from 'node:crypto';
import { readFile, readdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import type { DataResources } from '../../trainer-image/data/open-parts.ts';
import { openNodeCache } from '../../trainer-image/data/source/node-cache.ts';
import { openTrainingInput, type ImageBatch } from '../../trainer-image/data/training-input.ts';
import { initialValues } from '../../trainer-image/model/initializers.ts';
import { resNet } from '../../trainer-image/model/resnet.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import type { StorageAccess } from '../../trainer-image/storage/storage-access.ts';
import { stepSettings } from '../../trainer-image/train/build-replica.ts';
import { createProgressReporter } from '../../trainer-image/train/progress-reporter.ts';
import { createReplica } from '../../trainer-image/train/replica-factory.ts';
import { train } from '../../trainer-image/train/training-loop.ts';
import { planTraining } from '../../trainer-image/train/training-plan.ts';
import { untrained } from '../../trainer-image/train/training-position.ts';
import { writeImageSet } from '../fixtures/image-set/write-image-set.ts';
import { smallSpec, type SmallSpecChanges } from '../fixtures/small-spec.ts';
import { answerTask } from '../golden/ranks/answer-task.ts';

export interface ImageDataTask {
  /** Folder of Fashion-MNIST. */
  readonly fashionMnist: string;
  /** Where the data sets are written. */
  readonly folder: string;
  /** Bucket to which they are copied. */
  readonly bucket: string;
  readonly storage: StorageAccess;
}

export interface ImageDataAnswer {
  /** By format and store. */
  readonly runs: Readonly<Record<string, { batches: string; weights: string; fingerprint: string }>>;
  /** Batches of one rank, and of two put together again. */
  readonly worlds: readonly [one: string, two: string];
  /** Training batches of the published augmentation differ from the paper's. */
  readonly gluoncv: string;
  readonly damaged: { readonly message: string; readonly replaced: number; readonly differs: boolean };
}

const formats = ['image-folder', 'tfrecord', 'webdataset'] as const;
const validationSize = 40;

await answerTask<ImageDataTask>(async (tensorflow, { fashionMnist, folder, bucket, storage }) => {
  const { native } = tensorflow;
  await writeImageSet(native, {
    source: fashionMnist,
    folder,
    training: 96,
    validation: validationSize,
    shards: 3,
  });
  const remote = openStorage(`s3://${bucket}/sets`, storage);
  const local = openStorage(folder, {});
  for (const { key } of await local.list('')) await remote.put(key, { file: path.join(folder, key) });

  const resources: DataResources = { native: () => native, threads: 1, storage };
  const locations = (root: string, format: (typeof formats)[number]) => {
    const star = format === 'image-folder' ? '' : '-*';
    return {
      format,
      train: `${root}/${format}/train${star}`,
      validation: `${root}/${format}/validation${star}`,
    };
  };
  const specOf = (data: SmallSpecChanges['data'], recipe: SmallSpecChanges['recipe'] = {}) =>
    smallSpec({
      model: { imageSize: 32, channels: 3 },
      data: { augmentation: 'paper', ...data },
      recipe: { epochs: 2, ...recipe },
    });
  const open = (spec: ReturnType<typeof specOf>, place = { rank: 0, worldSize: 1 }, more = {}) =>
    openTrainingInput(spec, place, { ...resources, ...more });

  async function run(data: SmallSpecChanges['data'], more: Partial<DataResources>) {
    const spec = specOf(data);
    const input = await open(spec, undefined, more);
    const digest = createHash('sha256');
    // The cached one in the memory of the batch before, as training has it.
    let spare: ImageBatch | undefined;
    for (let step = 0; step < 6; step += 1) {
      const batch = await input.trainingBatch(step, spare);
      addBatch(digest, batch);
      if (more.cache !== undefined) spare = batch;
    }
    for await (const batch of input.evaluationBatches()) addBatch(digest, batch);
    const network = resNet(spec.model);
    const replica = await createReplica({
      ...{ tensorflow, precision: 'float32', accumulationSteps: 1 },
      settings: stepSettings(network, spec, undefined),
      initialValues: initialValues(network, { ...spec.model, seed: spec.recipe.seed }),
    });
    const plan = planTraining(spec, input.stepsPerEpoch);
    await train({
      ...{ replica, input, plan, recipe: spec.recipe, from: untrained, snapshots: undefined },
      reporter: createProgressReporter({
        ...{ plan, from: untrained, leads: true, report: () => undefined, clock: systemClock },
        residentMemoryBytes: () => 0,
      }),
      stopRequested: () => false,
      clock: systemClock,
      log: createLogger('silent', {}),
    });
    const weights = await replica.verifyAgreement();
    await replica.close();
    return { batches: digest.digest('hex'), weights, fingerprint: input.fingerprint };
  }

  const cache = await openNodeCache({
    folder: path.join(folder, '.cache'),
    sizeBytes: 2 ** 20,
    open: (root) => openStorage(root, storage),
    clock: systemClock,
  });
  const runs: Record<string, Awaited<ReturnType<typeof run>>> = {};
  for (const format of formats) {
    runs[`${format} on disk`] = await run(locations(folder, format), {});
    runs[`${format} on S3`] = await run(locations(`s3://${bucket}/sets`, format), {});
  }
  runs['tfrecord on S3, cached'] = await run(locations(`s3://${bucket}/sets`, 'tfrecord'), { cache });

  const mixed = specOf(locations(folder, 'tfrecord'), { mixup: { alpha: 0.2 } });
  const whole = await (await open(mixed)).trainingBatch(4);
  const halves = await Promise.all(
    [0, 1].map(async (rank) => (await open(mixed, { rank, worldSize: 2 })).trainingBatch(4)),
  );

  const folderData = locations(folder, 'image-folder');
  const before = await hashOf(await open(specOf(folderData)));
  const gluoncv = await hashOf(await open(specOf({ ...folderData, augmentation: 'gluoncv' })));
  const name = (await readdir(path.join(folderData.train, 'class-3')))[0] ?? '';
  const file = path.join(folderData.train, 'class-3', name);
  await truncate(file, Math.floor((await readFile(file)).length / 2));
  const message = await hashOf(await open(specOf(folderData))).catch((error: unknown) =>
    error instanceof Error ? error.message : '',
  );
  let replaced = 0;
  const onUnreadable = () => {
    replaced += 1;
  };
  const tolerant = specOf({ ...folderData, unreadableImages: 'replace' });
  const after = await hashOf(await open(tolerant, undefined, { onUnreadable }));
  return {
    runs,
    worlds: [hashImages(rowsOf(whole)), hashImages(interleave(halves.map(rowsOf)))],
    gluoncv: gluoncv === before ? 'the same' : 'different',
    damaged: { message, replaced, differs: after !== before },
  } satisfies ImageDataAnswer;
});

function addBatch(digest: ReturnType<typeof createHash>, { images, targets }: ImageBatch): void {
  for (const { buffer, byteOffset, byteLength } of [images, targets]) {
    digest.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

/** Of the training batches of one epoch. */
async function hashOf(input: Awaited<ReturnType<typeof openTrainingInput>>): Promise<string> {
  const digest = createHash('sha256');
  for (let step = 0; step < input.stepsPerEpoch; step += 1) addBatch(digest, await input.trainingBatch(step));
  return digest.digest('hex');
}

function rowsOf({ images, count }: ImageBatch): Float32Array[] {
  const length = images.length / count;
  return Array.from({ length: count }, (_, row) => images.subarray(row * length, (row + 1) * length));
}

function interleave([some = [], others = []]: readonly Float32Array[][]): Float32Array[] {
  return some.flatMap((row, index) => [row, others[index] ?? row]);
}

function hashImages(rows: readonly Float32Array[]): string {
  const digest = createHash('sha256');
  for (const row of rows) digest.update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
  return digest.digest('hex');
}
