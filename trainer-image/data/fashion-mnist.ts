import path from 'node:path';
import { readChecksums } from './checksums-file.ts';
import { fashionMnistFacts } from './fashion-mnist-facts.ts';
import { readIdx, type IdxArray } from './idx.ts';
import type { ImageSet } from './image-set.ts';
import { InvalidData } from './invalid-data.ts';

/** One half of the data set and the digests of the two files it came from. */
export interface FashionMnistPart extends ImageSet {
  readonly sha256: readonly [images: string, labels: string];
}

/**
 * Reads the training or the validation half from a folder with the four `.gz` files.
 *
 * The files must be those of Fashion-MNIST, whose digests are known. A data set of one's own in the same
 * format, of any size, states the digests of its decompressed files in `SHA256SUMS` beside them.
 * @throws InvalidData naming the file and what to do
 */
export async function readFashionMnist(
  folder: string,
  part: 'training' | 'validation',
): Promise<FashionMnistPart> {
  const { images: imagesFile, labels: labelsFile } = fashionMnistFacts[part];
  const pathOf = (name: string) => path.join(folder, `${name}.gz`);
  const [images, labels, stated] = await Promise.all([
    readIdx(pathOf(imagesFile.name), 3),
    readIdx(pathOf(labelsFile.name), 1),
    readChecksums(folder),
  ]);
  const [count = 0, height = 0, width = 0] = images.shape;
  const { imageSize } = fashionMnistFacts;
  if (count === 0 || height !== imageSize || width !== imageSize) {
    throw new InvalidData(
      `${pathOf(imagesFile.name)} holds ${count} images of ${height} x ${width}; it must hold images of ${imageSize} x ${imageSize}`,
    );
  }
  if (labels.values.length !== count) {
    throw new InvalidData(
      `${pathOf(labelsFile.name)} holds ${labels.values.length} labels for ${count} images; put files there that belong together`,
    );
  }
  checkLabels(pathOf(labelsFile.name), labels.values);
  checkDigest(pathOf(imagesFile.name), images, stated?.get(imagesFile.name) ?? imagesFile.sha256);
  checkDigest(pathOf(labelsFile.name), labels, stated?.get(labelsFile.name) ?? labelsFile.sha256);
  return {
    count,
    height,
    width,
    channels: fashionMnistFacts.channels,
    pixels: images.values,
    labels: labels.values,
    sha256: [images.sha256, labels.sha256],
  };
}

function checkLabels(file: string, labels: Uint8Array): void {
  const position = labels.findIndex((label) => label >= fashionMnistFacts.classes);
  if (position >= 0) {
    throw new InvalidData(
      `${file} gives image ${position} the label ${labels[position] ?? ''}, but labels go from 0 to ${fashionMnistFacts.classes - 1}; correct it`,
    );
  }
}

function checkDigest(file: string, { sha256 }: IdxArray, expected: string): void {
  if (sha256 !== expected) {
    throw new InvalidData(
      `${file} has, decompressed, the SHA-256 ${sha256}, not ${expected}; put the original file there, or state the digest of your own in SHA256SUMS beside it`,
    );
  }
}
