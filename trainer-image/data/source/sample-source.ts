import { crc32 } from 'node:zlib';
import { readFileRange } from '../../storage/file-storage.ts';
import { StorageError, toStorageError } from '../../storage/storage-error.ts';
import type { Storage } from '../../storage/storage.ts';
import { readingData } from '../data-unavailable.ts';
import { sampleName, type SampleIndex, type Shard } from '../index/sample-index.ts';
import { InvalidData } from '../invalid-data.ts';
import type { ShardCache } from './shard-cache.ts';

/** The encoded images of a data set by number. */
export interface SampleSource {
  /**
   * @throws InvalidData if the image is not there, or not the one that was indexed
   * @throws DataUnavailable if it cannot be read now
   */
  read(sample: number): Promise<Uint8Array>;
}

/** How often a file of the cache may be gone, or wrong, before it is called a fault. */
const cacheAttempts = 3;

/** @param cache absent to read from the storage directly */
export function createSampleSource(
  index: SampleIndex,
  storage: Storage,
  cache: ShardCache | undefined,
): SampleSource {
  const entryOf = (sample: number) => {
    const shard = index.shards[index.shard[sample] ?? -1];
    if (shard === undefined) throw new RangeError(`there is no sample ${sample}`);
    return { shard, offset: index.offset[sample] ?? 0, length: index.length[sample] ?? 0 };
  };

  /** Fewer bytes than the length are those of a file that became shorter. */
  async function readCached(
    store: ShardCache,
    { shard, offset, length }: { shard: Shard; offset: number; length: number },
  ): Promise<Buffer> {
    for (let attempt = 1; ; attempt += 1) {
      const file = await store.fetch(storage.uri, shard);
      try {
        return await readFileRange(file, offset, length);
      } catch (error) {
        const fault = toStorageError(`read ${file}`, error);
        if (fault.fault !== 'NotFound' || attempt === cacheAttempts) throw fault;
      }
    }
  }

  async function readDirectly({ shard, offset, length }: { shard: Shard; offset: number; length: number }) {
    if (offset > 0 || length < shard.sizeBytes) return storage.getRange(shard.key, offset, length);
    const bytes = await storage.get(shard.key);
    if (bytes.length === length) return bytes;
    throw new StorageError('Truncated', `${shard.key} has ${bytes.length} bytes, not ${length}`);
  }

  return {
    async read(sample) {
      const entry = entryOf(sample);
      const name = `${storage.uri}/${sampleName(index, sample)}`;
      const expected = index.checksum[sample] ?? 0;
      for (let attempt = 1; ; attempt += 1) {
        const bytes = await readingData(name, () =>
          cache === undefined ? readDirectly(entry) : readCached(cache, entry),
        );
        if (expected === 0 || crc32(bytes) === expected) return bytes;
        if (cache === undefined || attempt === cacheAttempts) {
          throw new InvalidData(
            `${name} has other content than when it was indexed; index the data again by ringmaster data index`,
          );
        }
        await cache.discard(storage.uri, entry.shard);
      }
    },
  };
}
