import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutDecoding } from '../../test/fixtures/input-resources.ts';
import { writeSmallDataSet } from '../../test/fixtures/small-data-set.ts';

import { smallSpec, type SmallSpecChanges } from '../../test/fixtures/small-spec.ts';
import { openTrainingInput, type ImageBatch } from './training-input.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-input-'));
  await writeSmallDataSet(path.join(folder, 'data'), { training: 130, validation: 521 });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const specWith = (recipe: NonNullable<SmallSpecChanges['recipe']>) =>
  smallSpec({ data: { train: path.join(folder, 'data'), augmentation: 'light' }, recipe });
const open = (place = { rank: 0, worldSize: 1 }, recipe = {}) =>
  openTrainingInput(specWith({ batchSize: 32, labelSmoothing: 0.1, ...recipe }), place, withoutDecoding);

/** The batches of all ranks put together again as the batch of one. */
const interleave = (batches: readonly ImageBatch[]) => {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const rowOf = (values: Float32Array, length: number, row: number) => [
    ...values.subarray(row * length, (row + 1) * length),
  ];
  return Array.from({ length: count }, (_, position) => {
    const batch = batches[position % batches.length];
    const row = Math.floor(position / batches.length);
    return batch && { image: rowOf(batch.images, 784, row), target: rowOf(batch.targets, 10, row) };
  });
};

describe('training batches', () => {
  it('fill the epoch with whole batches and have rows that add up to 1', async () => {
    const input = await open();
    expect(input).toMatchObject({ trainingSize: 130, validationSize: 521, stepsPerEpoch: 4 });
    const batch = await input.trainingBatch(0);
    expect(batch.count).toBe(32);
    expect(batch.images).toHaveLength(32 * 784);
    expect(batch.targets.reduce((sum, target) => sum + target, 0)).toBeCloseTo(32, 4);
  });

  it.each([0, 0.2])('are the same for any number of ranks, with mixup alpha %f', async (alpha) => {
    const whole = await open({ rank: 0, worldSize: 1 }, { mixup: { alpha } });
    for (const worldSize of [2, 3]) {
      const shares = await Promise.all(
        Array.from({ length: worldSize }, async (_, rank) =>
          (await open({ rank, worldSize }, { mixup: { alpha } })).trainingBatch(6),
        ),
      );
      expect(interleave(shares)).toEqual(interleave([await whole.trainingBatch(6)]));
    }
  });

  it('depend on their step alone, not on the steps before', async () => {
    const one = await open();
    for (const step of [0, 1, 5]) await one.trainingBatch(step);
    expect(await one.trainingBatch(9)).toEqual(await (await open()).trainingBatch(9));
    expect(await one.trainingBatch(9)).not.toEqual(await one.trainingBatch(10));
  });

  it('show the same images in another order and crop in the next epoch', async () => {
    const input = await open(undefined, { batchSize: 130 });
    const classesOf = ({ targets }: ImageBatch) =>
      Array.from({ length: 130 }, (_, row) =>
        targets.subarray(row * 10, row * 10 + 10).findIndex((p) => p > 0.5),
      );
    const [first, second] = [await input.trainingBatch(0), await input.trainingBatch(1)];
    expect(classesOf(first)).not.toEqual(classesOf(second));
    expect(classesOf(first).sort()).toEqual(classesOf(second).sort());
  });

  it('mix each image with its partner when mixup is on', async () => {
    const plain = interleave([await (await open()).trainingBatch(3)]);
    const mixed = interleave([await (await open(undefined, { mixup: { alpha: 0.2 } })).trainingBatch(3)]);
    const [first, last, firstMixed] = [plain[0], plain[31], mixed[0]];
    const pixel =
      first?.image.findIndex((value, index) => Math.abs(value - (last?.image[index] ?? 0)) > 0.5) ?? -1;
    const [a, b, m] = [first, last, firstMixed].map((sample) => sample?.image[pixel] ?? Number.NaN);
    const weight = ((m ?? 0) - (b ?? 0)) / ((a ?? 0) - (b ?? 0));
    expect(weight).toBeGreaterThanOrEqual(0);
    expect(weight).toBeLessThan(1);
    for (const [index, target] of (firstMixed?.target ?? []).entries()) {
      expect(target).toBeCloseTo(
        weight * (first?.target[index] ?? 0) + (1 - weight) * (last?.target[index] ?? 0),
        4,
      );
    }
  });
});

describe('evaluation batches', () => {
  it.each([1, 2, 3, 7])(
    'have every validation image once over %i ranks, with hard targets',
    async (worldSize) => {
      let count = 0;
      const perClass = new Array<number>(10).fill(0);
      for (let rank = 0; rank < worldSize; rank += 1) {
        for await (const batch of (await open({ rank, worldSize })).evaluationBatches()) {
          count += batch.count;
          for (const [index, target] of batch.targets.entries()) {
            perClass[index % 10] = (perClass[index % 10] ?? 0) + target;
          }
        }
      }
      expect(count).toBe(521);
      expect(perClass).toEqual([53, 52, 52, 52, 52, 52, 52, 52, 52, 52]);
    },
  );
});

describe('the fingerprint of the data', () => {
  it('does not depend on ranks or place, but on content', async () => {
    const here = (await open()).fingerprint;
    expect((await open({ rank: 2, worldSize: 3 })).fingerprint).toBe(here);
    await writeSmallDataSet(path.join(folder, 'other'), { training: 131, validation: 521 });
    const spec = smallSpec({ data: { train: path.join(folder, 'other') }, recipe: { batchSize: 32 } });
    expect((await openTrainingInput(spec, { rank: 0, worldSize: 1 }, withoutDecoding)).fingerprint).not.toBe(
      here,
    );

    await rename(path.join(folder, 'data'), path.join(folder, 'moved'));
    const moved = smallSpec({
      data: { train: `file://${path.join(folder, 'moved')}` },
      recipe: { batchSize: 32 },
    });
    expect((await openTrainingInput(moved, { rank: 0, worldSize: 1 }, withoutDecoding)).fingerprint).toBe(
      here,
    );
    await rename(path.join(folder, 'moved'), path.join(folder, 'data'));
  });
});

describe('a batch size that the data cannot serve', () => {
  it('is refused', async () => {
    await expect(open(undefined, { batchSize: 131 })).rejects.toThrow(
      'recipe.batchSize is 131, but there are only 130 training images',
    );
    await expect(open({ rank: 0, worldSize: 64 })).rejects.toThrow('leaves nothing for some of 64 ranks');
  });
});
