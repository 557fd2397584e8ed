import { hash } from 'node:crypto';
import type { Data } from '../../../operator/api/v1alpha1/data.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Storage, StoredObject } from '../../storage/storage.ts';
import { InvalidData } from '../invalid-data.ts';
import { fitsPattern, isHidden, type DataLocation } from './data-location.ts';
import { indexImageFolder } from './index-image-folder.ts';
import { indexShards } from './index-shards.ts';
import { decodeIndex, encodeIndex, type SampleIndex } from './sample-index.ts';

/** A format whose images are encoded files. */
export type ImageFormat = SampleIndex['format'];

/** What of a spec decides what an index says. */
export type IndexedData = Pick<Data, 'tfrecord'> & { readonly format: ImageFormat };

/** Where an index is kept beside its data. Settings of its own have a file of their own. */
export function indexKey({ format, tfrecord }: IndexedData, { pattern }: DataLocation): string {
  const what = JSON.stringify([format, pattern ?? null, format === 'tfrecord' ? (tfrecord ?? null) : null]);
  return `.ringmaster/index-${hash('sha256', what).slice(0, 16)}`;
}

/**
 * Makes an index by looking at the data: an image folder is listed, shards are read from beginning to end.
 * @throws InvalidData
 */
export async function makeIndex(
  data: IndexedData,
  { pattern }: DataLocation,
  storage: Storage,
): Promise<SampleIndex> {
  const objects = await listData(storage, pattern);
  if (data.format === 'image-folder') return indexImageFolder(objects, storage.uri);
  requireShards(objects, storage, pattern);
  const { format, tfrecord } = data;
  const index = await indexShards(
    { format, ...(tfrecord === undefined ? {} : { tfrecord }) },
    storage,
    objects,
  );
  if (index.label.length > 0) return index;
  throw new InvalidData(`the files of ${storage.uri} hold no images; check data.format and the location`);
}

/** What {@link openIndex} found or made. */
export interface OpenedIndex {
  readonly index: SampleIndex;
  /** Whether it was made now, and if so whether it could be kept beside the data. */
  readonly origin: 'stored' | 'made-and-stored' | 'made';
}

/**
 * The index that is kept beside the data; if there is none that fits, makes one and, where the trainer may write,
 * keeps it there. Shards must be those that were indexed, by name and size, which a listing shows. An image folder on
 * disk is quick to list and always is; one in object storage is trusted to be as it was.
 * @throws InvalidData
 */
export async function openIndex(
  data: IndexedData,
  location: DataLocation,
  storage: Storage,
): Promise<OpenedIndex> {
  if (!isKept(data, storage)) return { index: await makeIndex(data, location, storage), origin: 'made' };
  const key = indexKey(data, location);
  const stored = await storage.get(key).catch((error: unknown) => {
    if (error instanceof StorageError && error.fault === 'NotFound') return undefined;
    throw error;
  });
  if (stored !== undefined) {
    const index = decodeIndex(stored, `${storage.uri}/${key}`);
    if (data.format === 'image-folder' || (await isCurrent(index, location, storage))) {
      return { index, origin: 'stored' };
    }
  }
  const index = await makeIndex(data, location, storage);
  return { index, origin: (await storeIndex(index, key, storage)) ? 'made-and-stored' : 'made' };
}

/** Whether an index is worth keeping: an image folder on disk is listed as quickly. */
export function isKept({ format }: IndexedData, storage: Storage): boolean {
  return format !== 'image-folder' || storage.uri.startsWith('s3://');
}

/** Keeps an index beside its data. Returns false where that is not allowed: the next attempt then makes it again. */
export async function storeIndex(index: SampleIndex, key: string, storage: Storage): Promise<boolean> {
  try {
    await storage.put(key, { bytes: encodeIndex(index) });
    return true;
  } catch (error) {
    if (error instanceof StorageError && (error.fault === 'Denied' || error.fault === 'NoSpace'))
      return false;
    throw error;
  }
}

async function isCurrent(index: SampleIndex, { pattern }: DataLocation, storage: Storage): Promise<boolean> {
  const objects = await listData(storage, pattern);
  return JSON.stringify(objects) === JSON.stringify(index.shards);
}

async function listData(storage: Storage, pattern: string | undefined): Promise<StoredObject[]> {
  // As far as the pattern has no star, it is the beginning of a key.
  const folder = pattern?.slice(0, pattern.indexOf('*')).split('/').slice(0, -1).join('/') ?? '';
  const objects = await storage.list(folder);
  return objects.filter(({ key }) => !isHidden(key) && (pattern === undefined || fitsPattern(key, pattern)));
}

function requireShards(
  objects: readonly StoredObject[],
  storage: Storage,
  pattern: string | undefined,
): void {
  if (objects.length > 0) return;
  throw new InvalidData(
    pattern === undefined
      ? `${storage.uri} has no files; check the location`
      : `no file of ${storage.uri} fits ${pattern}; check the location`,
  );
}
