import * as z from 'zod';
import { Quantity, Uri } from './scalars.ts';

const share = z.number().min(0).max(1);
// Above 0 rather than 0.1 and more: an API server cuts such a bound to a whole number where the value is one, and takes 0.
const aspect = z.number().gt(0).max(10);

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
    .strictObject({
      size: Quantity.describe('Most bytes to keep on the node, such as 200Gi.'),
      folder: z
        .string()
        .min(1)
        .max(1024)
        .regex(/^\//, 'must begin with /')
        .optional()
        .describe(
          'Where to keep them, such as the mountPath of a volume in trainers.volumes. Default: temporary storage of the pod, which goes with it.',
        ),
    })
    .optional()
    .describe(
      'Keep what was read from object storage on the node, whole files, the least recently used making room. Default: no cache; every image is a request.',
    ),
  augmentation: z
    .enum(['paper', 'gluoncv', 'light', 'none'])
    .default('paper')
    .describe(
      'Random changes of training images. paper: random resized crop, flip, brightness, saturation, hue and PCA noise. gluoncv: contrast in place of hue, as in the published code. light: pad, crop and flip, for small images. none: only normalise. Default paper.',
    ),
  crop: z
    .strictObject({
      minArea: z.number().gt(0).max(1).optional().describe("Least share of the image's area. Default 0.08."),
      maxArea: z.number().gt(0).max(1).optional().describe("Greatest share of the image's area. Default 1."),
      minAspect: aspect.optional().describe('Least width by height. Default 0.75.'),
      maxAspect: aspect.optional().describe('Greatest width by height. Default 1.3333.'),
      aspect: z
        .enum(['uniform', 'log-uniform'])
        .optional()
        .describe(
          'What is uniform in the aspect that is drawn: it or its logarithm. Default uniform with augmentation paper, log-uniform with gluoncv.',
        ),
    })
    .optional()
    .describe('Window of the random resized crop, instead of that of augmentation. For image formats.'),
  flip: share
    .optional()
    .describe('Probability of a mirror image, instead of that of augmentation. For image formats.'),
  color: z
    .strictObject({
      brightness: share.optional().describe('Greatest distance of the coefficient of brightness from 1.'),
      contrast: share.optional().describe('Greatest distance of the coefficient of contrast from 1.'),
      saturation: share.optional().describe('Greatest distance of the coefficient of saturation from 1.'),
      hue: share
        .optional()
        .describe(
          'Greatest distance of the coefficient of hue from 1; 1 is half a turn of the colour circle.',
        ),
      pcaNoise: share
        .optional()
        .describe('Standard deviation of the coefficient of each principal component of colour.'),
    })
    .optional()
    .describe('Random changes of colour, each instead of that of augmentation. For image formats.'),
  resize: z
    .int()
    .min(8)
    .max(4096)
    .optional()
    .describe(
      'Short side, in pixels, to which a validation image is resized before its centre is cut out. For image formats. Default model.imageSize / 0.875, rounded up: 256 for 224.',
    ),
  tfrecord: z
    .strictObject({
      imageFeature: z
        .string()
        .min(1)
        .max(256)
        .default('image/encoded')
        .describe('Feature that holds the encoded image. Default image/encoded.'),
      labelFeature: z
        .string()
        .min(1)
        .max(256)
        .default('image/class/label')
        .describe('Feature that holds the label, an int64. Default image/class/label.'),
      labelOffset: z
        .int()
        .min(-1_000_000)
        .max(1_000_000)
        .default(0)
        .describe('What is taken off each label; 1 for files that count classes from 1. Default 0.'),
    })
    .optional()
    .describe('How the examples of format tfrecord are written.'),
  shuffle: z
    .strictObject({
      shardsInBlock: z
        .int()
        .min(1)
        .max(100_000)
        .describe(
          'Shards from which images are drawn at the same time; more mix better, and the cache should hold so many.',
        ),
    })
    .optional()
    .describe(
      'Order by blocks of shards instead of over the whole set, so that each shard is fetched once an epoch even where the cache cannot hold all. For tfrecord and webdataset. Default: one permutation of all images.',
    ),
  unreadableImages: z
    .enum(['fail', 'replace'])
    .default('fail')
    .describe(
      'What to do with an image that cannot be decoded. fail: end with InvalidData, naming it. replace: train on the next one instead, leave it grey in validation, and count it. Default fail.',
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
