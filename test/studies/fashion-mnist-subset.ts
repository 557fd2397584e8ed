import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { idxFile } from '../fixtures/small-data-set.ts';

const imageBytes = 28 * 28;

/** Bytes before the elements of an IDX file, by its number of dimensions. */
const headerBytes = (dimensions: number) => 4 + 4 * dimensions;

/** Which images of a data set to take. */
export interface Subset {
  /** Labels of the classes to take, in training and validation. */
  readonly classes: readonly number[];
  /** How many training images of these classes to take, the first ones; they are in random order. */
  readonly trainingImages: number;
}

export const allClasses = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** Writes a data set with some of the images of Fashion-MNIST. */
export async function writeSubset(source: string, folder: string, subset: Subset): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { classes, trainingImages } = subset;
  const files = {
    ...(await selectHalf(source, 'train', { classes, count: trainingImages })),
    ...(await selectHalf(source, 't10k', { classes, count: Number.POSITIVE_INFINITY })),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 1 }));
  const sums = Object.entries(files).map(([name, content]) => `${hash('sha256', content)}  ${name}\n`);
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''));
}

async function selectHalf(
  source: string,
  half: 'train' | 't10k',
  { classes, count }: { readonly classes: readonly number[]; readonly count: number },
): Promise<Record<string, Buffer>> {
  const read = async (name: string, dimensions: number) =>
    gunzipSync(await readFile(join(source, `${name}.gz`))).subarray(headerBytes(dimensions));
  const names = { images: `${half}-images-idx3-ubyte`, labels: `${half}-labels-idx1-ubyte` };
  const [images, labels] = [await read(names.images, 3), await read(names.labels, 1)];
  const chosen = [...labels.keys()].filter((index) => classes.includes(labels[index] ?? -1)).slice(0, count);
  return {
    [names.images]: idxFile(
      [chosen.length, 28, 28],
      Buffer.concat(chosen.map((index) => images.subarray(index * imageBytes, (index + 1) * imageBytes))),
    ),
    [names.labels]: idxFile([chosen.length], Buffer.from(chosen.map((index) => labels[index] ?? 0))),
  };
}
