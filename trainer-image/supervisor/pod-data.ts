import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { parseQuantity } from '../../operator/base/quantities.ts';
import { loadIndex, type IndexFiles } from '../data/open-parts.ts';
import { encodeIndex } from '../data/index/sample-index.ts';
import { openNodeCache } from '../data/source/node-cache.ts';
import type { ShardCache } from '../data/source/shard-cache.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { toFailure } from '../train/failure.ts';
import type { FromRank, ToRank } from '../train/rank-protocol.ts';

/** What the ranks of a pod share of their data. */
export interface PodData {
  /** Indexes that the ranks need not make; absent for formats without. */
  readonly indexFiles?: IndexFiles;
  /** Answers a rank that asks for a shard; absent without a cache. */
  readonly serve?: (request: FetchRequest) => Promise<FetchAnswer>;
}

type FetchRequest = Extract<FromRank, { type: 'fetch' | 'discard' }>;
type FetchAnswer = Extract<ToRank, { type: 'fetched' }>;

/**
 * Opens the indexes, once for all ranks, and the cache.
 * @param scratchFolder for the indexes, and for the cache unless the spec names a folder
 * @throws InvalidData
 */
export async function preparePodData(
  { data }: Pick<ResolvedSpec, 'data'>,
  access: StorageAccess,
  scratchFolder: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<PodData> {
  if (data.format === 'fashion-mnist') return {};
  const { train, validation = train } = data;
  const begunAtMs = clock.monotonicMs();
  const files = {
    training: join(scratchFolder, 'training.index'),
    validation: join(scratchFolder, 'validation.index'),
  };
  await mkdir(scratchFolder, { recursive: true });
  await Promise.all(
    [
      { uri: train, file: files.training },
      { uri: validation, file: files.validation },
    ].map(async ({ uri, file }) => {
      const index = await loadIndex(data, uri, access);
      await writeFile(file, encodeIndex(index));
      log.info(
        {
          data: uri,
          images: index.label.length,
          shards: index.shards.length,
          tookMs: clock.monotonicMs() - begunAtMs,
        },
        'the data is indexed',
      );
    }),
  );
  if (data.cache === undefined) return { indexFiles: files };
  const cache = await openNodeCache({
    folder: data.cache.folder ?? join(scratchFolder, 'cache'),
    sizeBytes: parseQuantity(data.cache.size),
    open: (root) => openStorage(root, access),
    clock,
  });
  return { indexFiles: files, serve: (request) => serveShard(cache, request) };
}

async function serveShard(
  cache: ShardCache,
  { type, request, root, shard }: FetchRequest,
): Promise<FetchAnswer> {
  try {
    if (type === 'fetch') return { type: 'fetched', request, file: await cache.fetch(root, shard) };
    await cache.discard(root, shard);
    return { type: 'fetched', request, file: '' };
  } catch (error) {
    return { type: 'fetched', request, failure: toFailure(error, undefined) };
  }
}
