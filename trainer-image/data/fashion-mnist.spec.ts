import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idxFile, writeSmallDataSet } from '../../test/fixtures/small-data-set.ts';
import { readFashionMnist } from './fashion-mnist.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-fashion-'));
  await writeSmallDataSet(folder, { training: 20, validation: 10 });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const rewrite = (name: string, content: Uint8Array) => writeFile(path.join(folder, name), gzipSync(content));

describe('a folder in the format fashion-mnist', () => {
  it('is read when its files have the digests that it states', async () => {
    const training = await readFashionMnist(folder, 'training');
    expect(training).toMatchObject({ count: 20, height: 28, width: 28, channels: 1 });
    expect([...training.labels.subarray(8, 12)]).toEqual([8, 9, 0, 1]);
    expect((await readFashionMnist(folder, 'validation')).count).toBe(10);
  });

  it('must have the digests of Fashion-MNIST if it states none', async () => {
    await rm(path.join(folder, 'SHA256SUMS'));
    await expect(readFashionMnist(folder, 'training')).rejects.toThrow(
      /train-images-idx3-ubyte\.gz has, decompressed, the SHA-256 [0-9a-f]{64}, not c59f468a2f672dc8/,
    );
  });

  it('is refused when a byte was changed', async () => {
    const pixels = new Uint8Array(20 * 784);
    await rewrite('train-images-idx3-ubyte.gz', idxFile([20, 28, 28], pixels));
    await expect(readFashionMnist(folder, 'training')).rejects.toThrow('put the original file there');
  });

  it('is refused when a label is out of range, naming image and label', async () => {
    await rewrite('train-labels-idx1-ubyte.gz', idxFile([20], new Uint8Array(20).fill(10, 17)));
    await expect(readFashionMnist(folder, 'training')).rejects.toThrow(
      'gives image 17 the label 10, but labels go from 0 to 9',
    );
  });

  it('is refused when counts or sizes do not match', async () => {
    await rewrite('train-labels-idx1-ubyte.gz', idxFile([19], new Uint8Array(19)));
    await expect(readFashionMnist(folder, 'training')).rejects.toThrow('holds 19 labels for 20 images');
    await rewrite('t10k-images-idx3-ubyte.gz', idxFile([10, 32, 32], new Uint8Array(10 * 1024)));
    await expect(readFashionMnist(folder, 'validation')).rejects.toThrow('holds 10 images of 32 x 32');
  });

  it('is refused when its list of digests is not one', async () => {
    await writeFile(path.join(folder, 'SHA256SUMS'), 'abc  train-images-idx3-ubyte\n');
    await expect(readFashionMnist(folder, 'training')).rejects.toThrow(
      'SHA256SUMS:1 is not a line of sha256sum',
    );
  });
});
