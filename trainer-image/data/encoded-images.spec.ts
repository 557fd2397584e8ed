import { describe, expect, it } from 'vitest';
import { smallSpec } from '../../test/fixtures/small-spec.ts';
import { augmentationSettings } from './augment/augmentation-settings.ts';
import { UnreadableImage } from './decode/unreadable-image.ts';
import { encodedImages } from './encoded-images.ts';
import type { SampleIndex } from './index/sample-index.ts';

const imageLength = 2 * 2 * 3;
const settings = augmentationSettings(smallSpec({ model: { imageSize: 2, channels: 3 } }));
const index: SampleIndex = {
  format: 'tfrecord',
  shards: [{ key: 'shard', sizeBytes: 4 }],
  ...{ shard: Uint32Array.of(0, 0, 0, 0), offset: Float64Array.of(0, 1, 2, 3) },
  ...{ length: Uint32Array.of(1, 1, 1, 1), label: Uint32Array.of(10, 11, 12, 13) },
  ...{ checksum: Uint32Array.of(0, 0, 0, 0), classes: [] },
};

/** Images whose every value is their number plus one, but for number 1, which is damaged. */
const part = encodedImages({
  ...{ index, settings, seed: 0, unreadable: 'replace', onUnreadable: () => undefined },
  source: { read: (sample) => Promise.resolve(Uint8Array.of(sample)) },
  decoder: () => ({
    decode([sample = NaN], _plan, target) {
      if (sample === 1) return Promise.reject(new UnreadableImage('it is damaged'));
      target.fill(sample + 1);
      return Promise.resolve();
    },
  }),
});
const valuesOf = (images: Float32Array) => [...images].filter((_, place) => place % imageLength === 0);

describe('a batch of images', () => {
  it('takes the memory it is given if that is of its size', async () => {
    const spare = new Float32Array(2 * imageLength).fill(-1);
    const { images } = await part.load([2, 0], 0, spare);
    expect(images).toBe(spare);
    expect(valuesOf(images)).toEqual([3, 1]);
    expect((await part.load([2], 0, spare)).images).not.toBe(spare);
    expect(valuesOf(spare)).toEqual([3, 1]);
  });

  it('has the next image for a damaged one in training, and the mean colour in validation', async () => {
    const spare = new Float32Array(2 * imageLength).fill(-1);
    const training = await part.load([1, 3], 0, spare);
    expect([valuesOf(training.images), training.labels]).toEqual([
      [3, 4],
      [12, 13],
    ]);
    const validation = await part.load([1, 3], undefined, spare);
    expect([valuesOf(validation.images), validation.labels]).toEqual([
      [0, 4],
      [11, 13],
    ]);
  });
});
