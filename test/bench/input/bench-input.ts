import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openStorage } from '../../../trainer-image/storage/open-storage.ts';
import { imageExample, tfRecordFile } from '../../fixtures/image-set/shard-files.ts';
import { startS3Server, type S3Server } from '../../s3/server.ts';
import { figuresOf, interleave, ratioOf, type Figures, type Ratio } from '../rounds.ts';
import type { InputTask } from './ours.ts';

/** How many images a second are made ready for the network, in full augmentation to 224 x 224. */
export interface InputBench {
  readonly imagesPerSecond: Readonly<Record<string, Figures>>;
  readonly ratios: readonly Ratio[];
}

export interface InputBenchOptions {
  readonly rounds: number;
  /** Python that has torchvision and tensorflow. */
  readonly python: string;
  readonly report: (line: string) => void;
}

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const threads = 2;
const batchSize = 64;
const images = 512;
const shards = 8;
const warmupSteps = 2;
const steps = 24;

/**
 * 512 JPEGs of about 500 x 375 pixels and 110 KB: ours, torchvision's v2 transforms with PIL and two workers, and
 * tf.data with two threads, from a folder; then ours from TFRecord files on an S3 server of this machine, with an empty
 * cache, with one that holds all, and without.
 */
export async function benchInput({ rounds, python, report }: InputBenchOptions): Promise<InputBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-bench-input-'));
  const server = await startS3Server();
  try {
    report('making images');
    await run(python, [script('make_images.py'), folder, String(images)]);
    await putShards(folder, server);
    const train = path.join(folder, 'train');
    const ours = (task: Partial<InputTask>) => async () => {
      const whole: InputTask = {
        ...{ format: 'image-folder', train, validation: path.join(folder, 'validation'), storage: {} },
        ...{ threads, batchSize, warmupSteps, steps },
        ...task,
      };
      return imagesPerSecond(
        await run(process.execPath, [script('ours.ts'), JSON.stringify(whole)], {
          env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', UV_THREADPOOL_SIZE: String(threads + 4) },
        }),
      );
    };
    const python1 =
      (name: string, ...more: string[]) =>
      async () => {
        const counts = [batchSize, warmupSteps, steps, threads].map(String);
        const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
        return imagesPerSecond(await run(python, [script(name), train, ...counts, ...more], { env }));
      };
    const remote = {
      format: 'tfrecord',
      train: 's3://bench/train-*',
      validation: 's3://bench/train-*',
      storage: { endpoint: server.endpoint, credentialsFolder: server.credentialsFolder },
      // One epoch, in which an empty cache is filled.
      ...{ warmupSteps: 0, steps: images / batchSize },
    } as const;
    const cacheFolder = path.join(folder, 'cache');
    const results = await interleave(
      new Map([
        ['ours', ours({})],
        ['torchvision', python1('torchvision_input.py')],
        ['tf.data', python1('tfdata_input.py', 'tf.image')],
        ['tf.data, colours by one matrix', python1('tfdata_input.py', 'matrix')],
        [
          'ours, S3, cache empty',
          async () => {
            await rm(cacheFolder, { recursive: true, force: true });
            return ours({ ...remote, cacheFolder })();
          },
        ],
        ['ours, S3, cache full', ours({ ...remote, cacheFolder, warmupSteps, steps })],
        ['ours, S3, no cache', ours(remote)],
      ]),
      rounds,
      report,
    );
    return {
      imagesPerSecond: Object.fromEntries([...results].map(([name, values]) => [name, figuresOf(values)])),
      ratios: [
        ratioOf(results, 'ours', 'torchvision'),
        ratioOf(results, 'ours', 'tf.data'),
        ratioOf(results, 'ours', 'tf.data, colours by one matrix'),
        ratioOf(results, 'ours, S3, cache full', 'ours'),
        ratioOf(results, 'ours, S3, cache empty', 'ours'),
      ],
    };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same images as TFRecord files in a bucket. */
async function putShards(folder: string, server: S3Server): Promise<void> {
  await server.createBucket('bench');
  const { endpoint, credentialsFolder } = server;
  const storage = openStorage('s3://bench', { endpoint, credentialsFolder });
  const files = (await readdir(path.join(folder, 'train'), { recursive: true })).filter((name) =>
    name.endsWith('.jpg'),
  );
  for (let shard = 0; shard < shards; shard += 1) {
    const records = files
      .filter((_, index) => index % shards === shard)
      .map(async (name) => {
        const bytes = await readFile(path.join(folder, 'train', name));
        return imageExample({ bytes, label: Number(/class-(\d)/.exec(name)?.[1]) });
      });
    await storage.put(`train-${shard}`, { bytes: tfRecordFile(await Promise.all(records)) });
  }
}

/** What a contestant printed on its last line. */
function imagesPerSecond({ stdout }: { readonly stdout: string }): number {
  const parsed: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  if (typeof parsed === 'object' && parsed !== null && 'imagesPerSecond' in parsed) {
    return Number(parsed.imagesPerSecond);
  }
  throw new TypeError('a contestant printed no figure');
}
