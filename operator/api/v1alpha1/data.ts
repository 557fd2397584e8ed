import { z } from 'zod';
import { Quantity, Uri } from './scalars.ts';

/** Training and validation images. */
export const Data = z.strictObject({
  format: z
    .enum(['fashion-mnist', 'image-folder', 'tfrecord', 'webdataset'])
    .describe(
      'fashion-mnist: a folder with the four IDX files. image-folder: one folder of images a class, classes in sorted order. tfrecord: tf.Example records. webdataset: tar shards.',
    ),
  train: Uri.describe('Where the training images are: a folder or, for shards, a pattern with *.'),
  validation: Uri.optional().describe(
    'Where the validation images are. Default: the same as train, for formats that hold both.',
  ),
  cache: z
    .strictObject({ size: Quantity.describe('Most bytes to keep on the node, such as 200Gi.') })
    .optional()
    .describe('Keep what was read from object storage on the node. Default: no cache.'),
  augmentation: z
    .enum(['paper', 'gluoncv', 'light', 'none'])
    .default('paper')
    .describe(
      'Random changes of training images. paper: random resized crop, flip, brightness, saturation, hue and PCA noise. gluoncv: contrast in place of hue, as in the published code. light: pad, crop and flip, for small images. none: only normalise. Default paper.',
    ),
  normalize: z
    .strictObject({
      mean: z
        .array(z.number().min(0).max(255))
        .min(1)
        .max(3)
        .describe('Mean of each channel on the scale 0 to 255.'),
      std: z
        .array(z.number().gt(0).max(255))
        .min(1)
        .max(3)
        .describe('Standard deviation of each channel on the scale 0 to 255.'),
    })
    .optional()
    .describe(
      "Constants of normalisation, one for each channel. Default: the format's own (ImageNet's for colour images).",
    ),
});
export type Data = z.output<typeof Data>;
