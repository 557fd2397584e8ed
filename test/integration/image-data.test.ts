import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IndexReport } from '../../operator/api/trainer/data-request.ts';
import { readImageHeader } from '../../trainer-image/data/decode/image-header.ts';
import { encodePng } from '../../trainer-image/data/preview/png.ts';
import { smallSpec } from '../fixtures/small-spec.ts';
import { startTrainerPod } from '../system/trainer/trainer-pod.ts';
import { runRanks } from '../golden/run-ranks.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';
import type { ImageDataAnswer, ImageDataTask } from './image-data-runs.ts';

// Fashion-MNIST enlarged to 64 x 64 colour JPEGs, in three formats on two stores.
let answer: ImageDataAnswer;
let folder: string;
let server: S3Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-images-'));
  server = await startS3Server();
  await server.createBucket('datasets');
  const task: ImageDataTask = {
    fashionMnist: fileURLToPath(new URL('../../.ringmaster/data/fashion-mnist', import.meta.url)),
    folder: path.join(folder, 'sets'),
    bucket: 'datasets',
    storage: { endpoint: server.endpoint, credentialsFolder: server.credentialsFolder },
  };
  const [only] = await runRanks(new URL('image-data-runs.ts', import.meta.url), 1, task);
  answer = only as ImageDataAnswer;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the same images in three formats, on disk and on an S3 server, cached or not, in new or used memory', () => {
  it('make identical batches and end in bit-equal weights', () => {
    const runs = Object.entries(answer.runs);
    expect(runs.map(([name]) => name)).toEqual([
      ...['image-folder on disk', 'image-folder on S3', 'tfrecord on disk', 'tfrecord on S3'],
      ...['webdataset on disk', 'webdataset on S3', 'tfrecord on S3, cached'],
    ]);
    expect(new Set(runs.map(([, { batches }]) => batches)).size).toBe(1);
    expect(new Set(runs.map(([, { weights }]) => weights)).size).toBe(1);
  });

  it('have a fingerprint that does not depend on the store', () => {
    for (const format of ['image-folder', 'tfrecord', 'webdataset']) {
      const { fingerprint } = answer.runs[`${format} on disk`] ?? {};
      expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
      expect(answer.runs[`${format} on S3`]?.fingerprint).toBe(fingerprint);
    }
  });
});

describe('a pod of two ranks', () => {
  it('trains from S3 with a cache that its ranks share, and one index', async () => {
    const spec = smallSpec({
      model: { imageSize: 32, channels: 3 },
      data: {
        format: 'webdataset',
        train: 's3://datasets/sets/webdataset/train-*',
        validation: 's3://datasets/sets/webdataset/validation-*',
        augmentation: 'paper',
        cache: { size: '1Mi', folder: path.join(folder, 'cache') },
      },
      checkpoints: {
        uri: path.join(folder, 'checkpoints'),
        endpoint: server.endpoint,
        credentials: { secretRef: { name: 's3' } },
      },
    });
    const pod = startTrainerPod({
      assignment: {
        ...{ namespace: 'vision', run: 'small', runUid: 'a-uid', attempt: 1, podIndex: 0 },
        leader: 'small-1-0.small',
        spec: { ...spec, pods: 1, ranksPerPod: 2 },
      },
      folder: path.join(folder, 'pod'),
      address: '127.78.0.1',
      credentialsFolder: server.credentialsFolder,
    });
    try {
      const { message, log } = await pod.ended;
      expect(message, log).toMatchObject({ reason: 'Completed', step: 6 });
      // Three shards of training images and three of validation images, whole.
      expect((await readdir(path.join(folder, 'cache'))).filter((name) => name.includes('partial'))).toEqual(
        [],
      );
      expect(await readdir(path.join(folder, 'cache'))).toHaveLength(6);
    } finally {
      pod.kill('SIGKILL', 'group');
    }
  });
});

describe('ringmaster data', () => {
  const sets = () => path.join(folder, 'sets');

  it('index says what there is and where the index is kept', async () => {
    const store = ['--endpoint', server.endpoint, '--credentials', server.credentialsFolder];
    const location = 's3://datasets/sets/tfrecord/train-*';
    const { stdout } = await data('index', location, '--format', 'tfrecord', ...store, '--output', 'json');
    const report = IndexReport.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ images: 96, shards: 3 });
    expect(report.classes.reduce((sum, { images }) => sum + images, 0)).toBe(96);
    expect(report.stored).toMatch(/^s3:\/\/datasets\/sets\/tfrecord\/\.ringmaster\/index-/);
  });

  it('check names images that are damaged, and those whose name is wrong', async () => {
    const train = path.join(sets(), 'image-folder/train');
    await writeFile(path.join(train, 'class-0/actually.jpg'), encodePng(new Uint8Array(12), 2, 2));
    const { exitCode, stdout } = await data('check', train, '--format', 'image-folder');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/unreadable {2}class-3\/\d+\.jpg: it is damaged/);
    expect(stdout).toContain('extension  class-0/actually.jpg: it is a PNG');
    expect(stdout).toContain('97 images: 1 damaged, 1 odd');
  });

  it('preview draws a row for each image and a column for each epoch', async () => {
    const file = path.join(folder, 'sheet.png');
    const location = path.join(sets(), 'webdataset/train-*');
    const size = ['--size', '32', '--images', '3', '--to', file];
    const { stdout } = await data('preview', location, '--format', 'webdataset', ...size);
    expect(stdout).toBe(`wrote ${file}: 3 images, each in 8 ways\n`);
    expect(readImageHeader(await readFile(file))).toEqual({
      ...{ encoding: 'png', height: 3 * 36 - 4, width: 8 * 36 - 4, channels: 3 },
    });
  });
});

describe('batches of images', () => {
  it('are the same for one rank and for two, mixed across ranks too', () => {
    const [one, two] = answer.worlds;
    expect(two).toBe(one);
  });

  it('differ between the augmentation of the paper and that of the published code', () => {
    expect(answer.gluoncv).toBe('different');
  });

  it('name an image that cannot be decoded, or have the next one in its place and count it', () => {
    expect(answer.damaged.message).toMatch(/^class-3\/\d+\.jpg cannot be decoded: it is damaged/);
    expect(answer.damaged).toMatchObject({ replaced: 1, differs: true });
  });
});

/** Runs `ringmaster data`. */
function data(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const program = fileURLToPath(new URL('../../operator/cli/main.ts', import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'data', ...words], (_, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
