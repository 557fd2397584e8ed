import { describe, expect, it } from 'vitest';
import { resolveRecipe } from '../../operator/api/v1alpha1/presets.ts';
import { Recipe } from '../../operator/api/v1alpha1/recipe.ts';
import { smallSpec, type SmallSpecChanges } from '../../test/fixtures/small-spec.ts';
import { requireSupported, unsupportedFeatures } from './supported.ts';

describe('what this trainer cannot do', () => {
  it('is nothing for a small network on Fashion-MNIST, with every trick and in any precision', () => {
    expect(unsupportedFeatures(smallSpec())).toEqual([]);
    for (const compute of ['float32', 'float16', 'bfloat16'] as const) {
      const recipe = resolveRecipe(
        Recipe.parse({
          preset: 'bag-of-tricks',
          precision: { compute },
          optimizer: { name: 'sgd', velocity: 'update' },
          distillation: { teacher: '/teacher.safetensors' },
          averaging: { decay: 0.99 },
        }),
      );
      expect(unsupportedFeatures(smallSpec({ recipe }))).toEqual([]);
    }
    expect(
      unsupportedFeatures(smallSpec({ data: { augmentation: 'light' }, recipe: { mixup: { alpha: 0.2 } } })),
    ).toEqual([]);
  });

  it('is nothing for checkpoints and weights in object storage', () => {
    const spec = smallSpec({
      checkpoints: { uri: 's3://runs/', endpoint: 'https://store' },
      model: { pretrained: 's3://models/resnet8.safetensors' },
      resumeFrom: 's3://runs/vision/other/uid/step-000000000001',
    });
    expect(unsupportedFeatures(spec)).toEqual([]);
  });

  it.each<[SmallSpecChanges, string]>([
    [{ data: { format: 'tfrecord' } }, 'model.channels is 1, but images of data.format tfrecord have 3'],
    [
      { data: { format: 'image-folder', augmentation: 'light' }, model: { channels: 3 } },
      'data.augmentation light is for fashion-mnist; use paper, gluoncv or none, and data.crop or data.flip to change a part',
    ],
    [
      { data: { format: 'webdataset', resize: 20 }, model: { channels: 3 } },
      'data.resize is 20, which is less than model.imageSize 28, the square that is cut out; make it larger',
    ],
    [
      { data: { format: 'webdataset', normalize: { mean: [1, 2, 3], std: [1] } }, model: { channels: 3 } },
      'data.normalize.std has 1 values, but the images of webdataset have 3 channels; give 3',
    ],
    [{ model: { classes: 1000 } }, 'model.classes is 1000, but data.format fashion-mnist needs 10'],
    [{ model: { imageSize: 32 } }, 'model.imageSize is 32, but data.format fashion-mnist needs 28'],
    [{ model: { channels: 3 } }, 'model.channels is 3, but data.format fashion-mnist needs 1'],
    [
      { data: { augmentation: 'paper' } },
      'data.augmentation paper changes colours, which fashion-mnist has not; use light or none',
    ],
    [
      { data: { normalize: { mean: [1, 2, 3], std: [1] } } },
      'data.normalize.mean has 3 values, but the images of fashion-mnist have 1 channel; give 1',
    ],
    [
      { data: { validation: 's3://data/validation' } },
      'data.validation s3://data/validation is in object storage, which fashion-mnist cannot be; use a folder',
    ],
  ])('names field, value and cure: %j', (changes, message) => {
    expect(unsupportedFeatures(smallSpec(changes))).toEqual([message]);
  });

  it('is said all at once', () => {
    const spec = smallSpec({
      data: { train: 's3://data/a', augmentation: 'gluoncv' },
      model: { classes: 2 },
    });
    expect(unsupportedFeatures(spec)).toHaveLength(3);
    expect(() => {
      requireSupported(spec);
    }).toThrow(expect.objectContaining({ reason: 'InvalidRecipe' }));
  });
});
