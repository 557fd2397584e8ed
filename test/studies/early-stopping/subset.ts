import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { idxFile } from '../../fixtures/small-data-set.ts';

/** Bytes before the elements of an IDX file, by its number of dimensions. */
const headerBytes = (dimensions: number) => 4 + 4 * dimensions;

/** Writes a data set with the first `count` training images of Fashion-MNIST, which are in random order, and all validation images. */
export async function writeSubset(source: string, folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const read = async (name: string) => gunzipSync(await readFile(join(source, `${name}.gz`)));
  const images = await read('train-images-idx3-ubyte');
  const labels = await read('train-labels-idx1-ubyte');
  const files = {
    'train-images-idx3-ubyte': idxFile(
      [count, 28, 28],
      images.subarray(headerBytes(3), headerBytes(3) + count * 28 * 28),
    ),
    'train-labels-idx1-ubyte': idxFile([count], labels.subarray(headerBytes(1), headerBytes(1) + count)),
    't10k-images-idx3-ubyte': await read('t10k-images-idx3-ubyte'),
    't10k-labels-idx1-ubyte': await read('t10k-labels-idx1-ubyte'),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 1 }));
  const sums = Object.entries(files).map(([name, content]) => `${hash('sha256', content)}  ${name}\n`);
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''));
}
