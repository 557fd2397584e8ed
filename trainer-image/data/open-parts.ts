import { readFile } from 'node:fs/promises';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { openStorage } from '../storage/open-storage.ts';
import { localPath } from '../storage/location.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import type { NativeModule } from '../tensorflow/native-module.ts';
import { InvalidRecipe } from '../train/invalid-recipe.ts';
import { augmentationSettings } from './augment/augmentation-settings.ts';
import { readingData } from './data-unavailable.ts';
import { createImageDecoder, type ImageDecoder } from './decode/image-decoder.ts';
import { encodedImages } from './encoded-images.ts';
import { readFashionMnist } from './fashion-mnist.ts';
import { fashionMnistImages } from './fashion-mnist-images.ts';
import type { ImagePart } from './image-part.ts';
import { parseDataLocation } from './index/data-location.ts';
import { openIndex, type ImageFormat } from './index/open-index.ts';
import { decodeIndex, type SampleIndex } from './index/sample-index.ts';
import { InvalidData } from './invalid-data.ts';
import { createSampleSource } from './source/sample-source.ts';
import type { ShardCache } from './source/shard-cache.ts';

/** What reading data needs besides the spec. */
export interface DataResources {
  /** TensorFlow, started when it is first asked for. */
  readonly native: () => NativeModule;
  /** Images decoded at the same time: as many as TensorFlow has threads. */
  readonly threads: number;
  readonly storage: StorageAccess;
  /** Absent to read from object storage directly. */
  readonly cache?: ShardCache;
  /** Files with the indexes, where somebody has opened them already. */
  readonly indexFiles?: IndexFiles;
  /** Called for each image that could not be decoded. */
  readonly onUnreadable?: () => void;
}

export interface IndexFiles {
  readonly training: string;
  readonly validation: string;
}

/** A part, and where its samples lie, if in shards. */
export interface OpenedPart extends ImagePart {
  readonly index?: SampleIndex;
}

/**
 * Opens both halves of the data of a spec.
 * @throws InvalidData if something is missing, damaged or not what it should be
 * @throws DataUnavailable if storage cannot be reached
 */
export async function openParts(
  spec: ResolvedSpec,
  resources: DataResources,
): Promise<{ training: OpenedPart; validation: OpenedPart }> {
  const { train, validation = train, format } = spec.data;
  let decoder: ImageDecoder | undefined;
  if (format === 'fashion-mnist') {
    const [training, other] = await Promise.all([
      readFashionMnist(folderOf(train), 'training'),
      readFashionMnist(folderOf(validation), 'validation'),
    ]);
    return { training: fashionMnistImages(training, spec), validation: fashionMnistImages(other, spec) };
  }
  const { indexFiles } = resources;
  const [training, other] = await Promise.all([
    openEncoded(train, indexFiles?.training),
    openEncoded(validation, indexFiles?.validation),
  ]);
  requireClasses(spec, training.index, other.index);
  return { training, validation: other };

  async function openEncoded(uri: string, indexFile: string | undefined) {
    const location = parseDataLocation(uri);
    const storage = openStorage(location.root, resources.storage);
    const index =
      indexFile === undefined
        ? await loadIndex(spec.data, uri, resources.storage)
        : decodeIndex(await readFile(indexFile), indexFile);
    const remote = storage.uri.startsWith('s3://');
    return {
      index,
      ...encodedImages({
        index,
        source: createSampleSource(index, storage, remote ? resources.cache : undefined),
        decoder: decoderOnce,
        settings: augmentationSettings(spec),
        seed: spec.recipe.seed,
        unreadable: spec.data.unreadableImages,
        onUnreadable: resources.onUnreadable ?? (() => undefined),
      }),
    };
  }

  function decoderOnce(): ImageDecoder {
    decoder ??= createImageDecoder(resources.native(), spec.model.imageSize, resources.threads + 1);
    return decoder;
  }
}

/** @throws InvalidData */
export async function loadIndex(
  data: ResolvedSpec['data'],
  uri: string,
  access: StorageAccess,
): Promise<SampleIndex> {
  const { format, tfrecord } = data;
  if (format === 'fashion-mnist') throw new InvalidData('data.format fashion-mnist has no index');
  const location = parseDataLocation(uri);
  const storage = openStorage(location.root, access);
  const indexed: { format: ImageFormat } = { format };
  const { index } = await readingData(uri, () =>
    openIndex({ ...indexed, ...(tfrecord === undefined ? {} : { tfrecord }) }, location, storage),
  );
  return index;
}

/** Labels that the network has no output for, or that mean different things in the two halves. */
function requireClasses({ model, data }: ResolvedSpec, training: SampleIndex, validation: SampleIndex): void {
  const { classes } = training;
  if (classes.length > 0 && classes.length !== model.classes) {
    throw new InvalidRecipe(
      `model.classes is ${model.classes}, but ${data.train} has ${classes.length} classes; set it to ${classes.length}`,
    );
  }
  const unknown = validation.classes.find((name) => !classes.includes(name));
  const missing = classes.find((name) => !validation.classes.includes(name));
  if (unknown !== undefined || missing !== undefined) {
    throw new InvalidData(
      unknown === undefined
        ? `the class ${missing ?? ''} is in ${data.train} but not in ${data.validation ?? ''}; a label is the place of a class among all, so both must have the same folders`
        : `the class ${unknown} is in ${data.validation ?? ''} but not in ${data.train}; a label is the place of a class among all, so both must have the same folders`,
    );
  }
  for (const { label } of [training, validation]) {
    const largest = label.reduce((most, each) => Math.max(most, each), 0);
    if (largest < model.classes) continue;
    throw new InvalidData(
      `there is an image with the label ${largest}, but labels go from 0 to ${model.classes - 1}; set model.classes, or data.tfrecord.labelOffset if labels begin at 1`,
    );
  }
}

function folderOf(uri: string): string {
  const folder = localPath(uri);
  if (folder === undefined) throw new InvalidData(`${uri} is not a folder of this machine; use one`);
  return folder;
}
