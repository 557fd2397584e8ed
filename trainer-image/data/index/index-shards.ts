import { crc32 } from 'node:zlib';
import type { Data } from '../../../operator/api/v1alpha1/data.ts';
import type { Storage, StoredObject } from '../../storage/storage.ts';
import { InvalidData } from '../invalid-data.ts';
import { createLimit } from '../limit.ts';
import { byteReader } from './byte-reader.ts';
import { buildIndex, type SampleIndex } from './sample-index.ts';
import { readTar } from './tar.ts';
import { readExample, UnusableExample } from './tf-example.ts';
import { readTfRecords } from './tfrecord.ts';

/** An image that a shard holds. */
interface FoundImage {
  readonly offset: number;
  readonly length: number;
  readonly label: number;
  readonly checksum: number;
}

/** Shards read at the same time. */
const parallelShards = 4;

/**
 * Reads shards from beginning to end, checking them, and notes where each image is.
 * @throws InvalidData naming the shard and the byte
 */
export async function indexShards(
  data: Pick<Data, 'tfrecord'> & { readonly format: 'tfrecord' | 'webdataset' },
  storage: Storage,
  shards: readonly StoredObject[],
): Promise<SampleIndex> {
  const limit = createLimit(parallelShards);
  const found = await Promise.all(
    shards.map(({ key }) =>
      limit(async () => {
        const reader = byteReader(storage.read(key));
        const name = `${storage.uri}/${key}`;
        const images: FoundImage[] = [];
        const shard =
          data.format === 'tfrecord'
            ? imagesOfTfRecord(readTfRecords(reader, name), name, data.tfrecord)
            : imagesOfTar(readTar(reader, name), name);
        for await (const image of shard) images.push(image);
        return images;
      }),
    ),
  );
  const builder = buildIndex();
  for (const [shard, images] of found.entries()) {
    for (const image of images) builder.add({ shard, ...image });
  }
  return builder.finish({ format: data.format, classes: [], shards });
}

async function* imagesOfTfRecord(
  records: ReturnType<typeof readTfRecords>,
  name: string,
  {
    imageFeature = 'image/encoded',
    labelFeature = 'image/class/label',
    labelOffset = 0,
  }: Partial<NonNullable<Data['tfrecord']>> = {},
): AsyncGenerator<FoundImage> {
  for await (const { offset, data } of records) {
    try {
      const { start, length, label } = readExample(data, { imageFeature, labelFeature });
      const checksum = crc32(data.subarray(start, start + length));
      yield {
        offset: offset + start,
        length,
        label: requireLabel(label - labelOffset, () => `the record at byte ${offset} of ${name}`),
        checksum,
      };
    } catch (error) {
      if (!(error instanceof UnusableExample)) throw error;
      throw new InvalidData(`the record at byte ${offset} of ${name} cannot be used: ${error.message}`);
    }
  }
}

const imageExtension = /^(jpe?g|png)$/;

/** Consecutive members of equal stem, the part of the path before the first dot of the name, are one sample. */
async function* imagesOfTar(members: ReturnType<typeof readTar>, name: string): AsyncGenerator<FoundImage> {
  let stem: string | undefined;
  let image: Omit<FoundImage, 'label'> | undefined;
  let label: number | undefined;

  const finished = (): FoundImage[] => {
    if (stem === undefined || (image === undefined && label === undefined)) return [];
    if (image === undefined || label === undefined) {
      const missing = image === undefined ? 'no .jpg, .jpeg or .png' : 'no .cls with its class';
      throw new InvalidData(
        `the sample ${stem} of ${name} has ${missing}; its members must stand side by side`,
      );
    }
    return [{ ...image, label }];
  };

  for await (const member of members) {
    const [, path = '', extension = ''] = /^((?:.*\/)?[^./][^./]*)\.([^/]*)$/.exec(member.name) ?? [];
    if (path === '') continue;
    if (path !== stem) {
      yield* finished();
      [stem, image, label] = [path, undefined, undefined];
    }
    if (imageExtension.test(extension.toLowerCase())) {
      const { offset, sizeBytes: length } = member;
      image = { offset, length, checksum: crc32(await member.content()) };
    } else if (extension.toLowerCase() === 'cls') {
      const text = (await member.content()).toString('latin1').trim();
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      label = requireLabel(value, () => `${member.name} of ${name}`);
    }
  }
  yield* finished();
}

function requireLabel(label: number, where: () => string): number {
  if (Number.isInteger(label) && label >= 0 && label < 2 ** 32) return label;
  throw new InvalidData(
    `${where()} gives the label ${label}; labels are whole numbers from 0. Correct it, or set data.tfrecord.labelOffset`,
  );
}
