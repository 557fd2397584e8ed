import { hash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../operator/base/clock.ts';
import { formatBytes } from '../../../operator/base/quantities.ts';
import type { Storage } from '../../storage/storage.ts';
import { readingData } from '../data-unavailable.ts';
import type { Shard } from '../index/sample-index.ts';
import { InvalidData } from '../invalid-data.ts';
import { createLimit } from '../limit.ts';
import type { ShardCache } from './shard-cache.ts';

export interface NodeCacheOptions {
  /** Made if it does not exist. What lies there from before is used. */
  readonly folder: string;
  /** Most bytes of finished and unfinished files together. */
  readonly sizeBytes: number;
  /** Opens the storage at a root. */
  readonly open: (root: string) => Storage;
  readonly clock: Clock;
}

/** A file of the cache. Entries are kept in a map in order of use, the least recently used first. */
interface Entry {
  readonly sizeBytes: number;
  /** Resolves when the file is whole. */
  readonly ready: Promise<unknown>;
  /** Whole files can make room. */
  whole: boolean;
}

/** Fetches at the same time. */
const parallelFetches = 8;

/** An unfinished file that nobody wrote to for so long belongs to a process that is gone. */
const abandonedMs = 3_600_000;

const partialName = /\.partial-[0-9a-f-]{36}$/;
const fileName = /^[0-9a-f]{32}-(\d+)$/;

/**
 * Keeps shards as files in a folder, the least recently used making room. One process owns the cache and serves all ranks
 * of its pod, so each shard is fetched once however many ask. A file is written under another name and renamed when it
 * has the size that was indexed: what is seen is whole. What is in it is checked by whoever reads an image, by the
 * image's checksum, and discarded if it is wrong.
 */
export async function openNodeCache(options: NodeCacheOptions): Promise<ShardCache> {
  const { folder, sizeBytes: capacityBytes, clock } = options;
  const entries = new Map<string, Entry>();
  const fetching = new Set<Promise<void>>();
  const limit = createLimit(parallelFetches);
  const oneByOne = createLimit(1);
  const pathOf = (name: string) => path.join(folder, name);
  let usedBytes = 0;

  await mkdir(folder, { recursive: true });
  for (const { name, sizeBytes } of await filesByAge(folder, clock.now())) {
    entries.set(name, { sizeBytes, ready: Promise.resolve(), whole: true });
    usedBytes += sizeBytes;
  }

  async function remove(name: string): Promise<void> {
    const entry = entries.get(name);
    if (entry?.whole !== true) return;
    entries.delete(name);
    usedBytes -= entry.sizeBytes;
    await rm(pathOf(name), { force: true });
  }

  /** Sets room aside. What is being fetched has its room already, so waiting for it always ends. */
  async function makeRoom(wantedBytes: number): Promise<void> {
    while (usedBytes + wantedBytes > capacityBytes) {
      const oldest = [...entries].find(([, { whole }]) => whole);
      if (oldest !== undefined) await remove(oldest[0]);
      else await Promise.race([...fetching].map((each) => each.catch(() => undefined)));
    }
    usedBytes += wantedBytes;
  }

  function begin(name: string, root: string, shard: Shard): Entry {
    const { sizeBytes } = shard;
    const entry: Entry = { sizeBytes, whole: false, ready: get() };
    entries.set(name, entry);
    return entry;

    async function get(): Promise<void> {
      // Under way before the next one looks for room, so that it finds something to wait for.
      const { fetched } = await oneByOne(async () => {
        await makeRoom(sizeBytes);
        const begun = limit(() => fetchInto(name, root, shard));
        fetching.add(begun);
        return { fetched: begun };
      });
      try {
        await fetched;
        entry.whole = true;
      } catch (error) {
        entries.delete(name);
        usedBytes -= sizeBytes;
        throw error;
      } finally {
        fetching.delete(fetched);
      }
    }
  }

  async function fetchInto(name: string, root: string, { key, sizeBytes }: Shard): Promise<void> {
    const partial = pathOf(`${name}.partial-${randomUUID()}`);
    try {
      await readingData(`${root}/${key}`, () => options.open(root).download(key, partial));
      const { size } = await stat(partial);
      if (size !== sizeBytes) {
        throw new InvalidData(
          `${root}/${key} has ${size} bytes, but had ${sizeBytes} when it was indexed; index the data again by ringmaster data index`,
        );
      }
      await rename(partial, pathOf(name));
    } finally {
      await rm(partial, { force: true });
    }
  }

  return {
    async fetch(root, shard) {
      const name = nameOf(root, shard);
      const known = entries.get(name);
      if (known !== undefined) {
        entries.delete(name);
        entries.set(name, known);
        await known.ready;
        // For those who come after a restart, and for pods that share the folder.
        const now = new Date(clock.now());
        const present = await utimes(pathOf(name), now, now).then(
          () => true,
          () => false,
        );
        if (present) return pathOf(name);
        // Another pod that shares the folder needed the room.
        if (entries.get(name) === known) await remove(name);
      }
      if (shard.sizeBytes > capacityBytes) {
        throw new InvalidData(
          `${root}/${shard.key} has ${formatBytes(shard.sizeBytes)}, more than data.cache.size; make the cache larger`,
        );
      }
      const started = entries.get(name) ?? begin(name, root, shard);
      await started.ready;
      return pathOf(name);
    },
    discard: (root, shard) => remove(nameOf(root, shard)),
  };
}

/** Where a shard is kept: the same shard of the same place has the same name in every pod. */
function nameOf(root: string, { key, sizeBytes }: Shard): string {
  return `${hash('sha256', JSON.stringify([root, key])).slice(0, 32)}-${sizeBytes}`;
}

/** The whole files of a folder, the oldest first. Removes what others left unfinished long ago. */
async function filesByAge(folder: string, nowMs: number): Promise<{ name: string; sizeBytes: number }[]> {
  const files: { name: string; sizeBytes: number; usedAtMs: number }[] = [];
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) continue;
    if (partialName.test(name) && nowMs - found.mtimeMs > abandonedMs) await rm(file, { force: true });
    const size = fileName.exec(name)?.[1];
    if (size === undefined) continue;
    if (Number(size) === found.size) files.push({ name, sizeBytes: found.size, usedAtMs: found.mtimeMs });
    else await rm(file, { force: true });
  }
  return files.sort((a, b) => a.usedAtMs - b.usedAtMs);
}
