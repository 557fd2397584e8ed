import type { AugmentationSettings } from './augment/augmentation-settings.ts';
import { drawAugmentation, planEvaluation } from './augment/draw-augmentation.ts';
import type { ImageDecoder } from './decode/image-decoder.ts';
import { UnreadableImage } from './decode/unreadable-image.ts';
import type { ImagePart } from './image-part.ts';
import { fingerprint, sampleName, type SampleIndex } from './index/sample-index.ts';
import { InvalidData } from './invalid-data.ts';
import { createLimit } from './limit.ts';
import type { SampleSource } from './source/sample-source.ts';

export interface EncodedImagesOptions {
  readonly index: SampleIndex;
  readonly source: SampleSource;
  /** Asked for when the first image is decoded, since TensorFlow starts after the data is opened. */
  readonly decoder: () => ImageDecoder;
  readonly settings: AugmentationSettings;
  readonly seed: number;
  readonly unreadable: 'fail' | 'replace';
  /** Called for each image that could not be decoded. */
  readonly onUnreadable: () => void;
}

/**
 * Images read and decoded at the same time. Reading from object storage takes long and little else; what is decoded at
 * once is the decoder's to limit.
 */
const parallelImages = 16;

/** As many images in a row are surely not damaged one by one. */
const mostReplacements = 100;

/** Images that are files or parts of files: read, decoded and augmented when they are asked for. */
export function encodedImages(options: EncodedImagesOptions): ImagePart {
  const { index, source, settings, seed } = options;
  const count = index.label.length;
  const imageLength = settings.imageSize ** 2 * 3;
  const limit = createLimit(parallelImages);

  async function decode(sample: number, epoch: number | undefined, target: Float32Array): Promise<void> {
    const bytes = await source.read(sample);
    await options
      .decoder()
      .decode(
        bytes,
        (image) =>
          epoch === undefined
            ? planEvaluation(image, settings)
            : drawAugmentation(image, settings, { seed, epoch, sample }),
        target,
      );
  }

  /** @returns the sample whose image is in the target */
  async function load(sample: number, epoch: number | undefined, target: Float32Array): Promise<number> {
    for (let replacement = 0; replacement < mostReplacements; replacement += 1) {
      // The next in order, so that every rank and every attempt replaces it alike.
      const candidate = (sample + replacement) % count;
      try {
        await decode(candidate, epoch, target);
        return candidate;
      } catch (error) {
        if (!(error instanceof UnreadableImage)) throw error;
        if (options.unreadable === 'fail') {
          throw new InvalidData(
            `${sampleName(index, candidate)} cannot be decoded: ${error.message}. Repair or remove it, or set data.unreadableImages to replace; ringmaster data check finds all such images`,
            { cause: error },
          );
        }
        options.onUnreadable();
        // Zeros are the mean colour. Another image in its place would be counted twice.
        if (epoch === undefined) {
          target.fill(0);
          return sample;
        }
      }
    }
    throw new InvalidData(
      `${mostReplacements} images in a row from ${sampleName(index, sample)} on cannot be decoded`,
    );
  }

  return {
    count,
    identity: fingerprint(index),
    async load(samples, epoch, spare) {
      const length = samples.length * imageLength;
      const images = spare?.length === length ? spare : new Float32Array(length);
      const loaded = await Promise.all(
        samples.map((sample, row) =>
          limit(() => load(sample, epoch, images.subarray(row * imageLength, (row + 1) * imageLength))),
        ),
      );
      return { images, labels: loaded.map((sample) => index.label[sample] ?? 0) };
    },
  };
}
