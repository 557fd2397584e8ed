import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../operator/base/clock.ts';
import { openNodeCache } from '../../../trainer-image/data/source/node-cache.ts';
import { openTrainingInput, type ImageBatch } from '../../../trainer-image/data/training-input.ts';
import { openStorage } from '../../../trainer-image/storage/open-storage.ts';
import type { StorageAccess } from '../../../trainer-image/storage/storage-access.ts';
import { tensorFlowOnce } from '../../../trainer-image/train/build-replica.ts';
import { createPrefetch } from '../../../trainer-image/train/prefetch.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';

/** Our side of the input bench: makes training batches as a rank does, and trains on none. */
export interface InputTask {
  readonly format: 'image-folder' | 'tfrecord';
  readonly train: string;
  readonly validation: string;
  readonly storage: StorageAccess;
  /** Where shards are kept; absent for no cache. */
  readonly cacheFolder?: string;
  readonly threads: number;
  readonly batchSize: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

const task = JSON.parse(process.argv[2] ?? '') as InputTask;
const { format, train, validation, storage, threads, batchSize, warmupSteps, steps, cacheFolder } = task;
const tensorflow = tensorFlowOnce({ rank: 0, addresses: [], threads });
const cache =
  cacheFolder === undefined
    ? undefined
    : await openNodeCache({
        folder: cacheFolder,
        sizeBytes: 2 ** 34,
        open: (root) => openStorage(root, storage),
        clock: systemClock,
      });
const input = await openTrainingInput(
  smallSpec({
    model: { imageSize: 224, channels: 3, classes: 2 },
    data: { format, train, validation, augmentation: 'paper' },
    recipe: { batchSize },
  }),
  { rank: 0, worldSize: 1 },
  {
    native: () => tensorflow().native,
    threads,
    storage,
    ...(cache === undefined ? {} : { cache }),
  },
);
tensorflow();
const batches = createPrefetch(
  (step, spare: ImageBatch | undefined) => input.trainingBatch(step, spare),
  0,
  warmupSteps + steps,
);
for (let step = 0; step < warmupSteps; step += 1) await batches.next();
const startedAt = performance.now();
for (let step = 0; step < steps; step += 1) await batches.next();
const seconds = (performance.now() - startedAt) / 1000;
process.stdout.write(`${JSON.stringify({ imagesPerSecond: (steps * batchSize) / seconds })}\n`, () => {
  process.exit(0);
});
