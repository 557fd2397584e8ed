import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../../test/fixtures/memory-storage.ts';
import { systemClock } from '../../../operator/base/clock.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { openNodeCache } from './node-cache.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-cache-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const shard = (key: string, sizeBytes = 10) => ({ key, sizeBytes });

/** A cache over objects of ten bytes, and how often each was fetched. */
async function world(sizeBytes: number) {
  const fetches: string[] = [];
  const storage = createMemoryStorage(
    new Map(['a', 'b', 'c', 'd'].map((key) => [key, Buffer.from(key.repeat(10))])),
  );
  const counting = {
    ...storage,
    async download(key: string, file: string) {
      fetches.push(key);
      await storage.download(key, file);
    },
  };
  const cache = await openNodeCache({ folder, sizeBytes, open: () => counting, clock: systemClock });
  const text = async (key: string) => readFile(await cache.fetch('s3://data', shard(key)), 'utf8');
  return { cache, fetches, storage, text };
}

describe('the cache of a node', () => {
  it('fetches each shard once, however many ask at the same time', async () => {
    const { fetches, text } = await world(100);
    const texts = await Promise.all(['a', 'b', 'a', 'a', 'b'].map(text));
    expect(texts).toEqual(['a', 'b', 'a', 'a', 'b'].map((key) => key.repeat(10)));
    expect(fetches.sort()).toEqual(['a', 'b']);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('lets what was not used for longest make room, and never holds more than its size', async () => {
    const { fetches, text } = await world(25);
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) {
      await text(key);
      expect((await readdir(folder)).length).toBeLessThanOrEqual(2);
    }
    expect(fetches).toEqual(['a', 'b', 'c', 'b']);
  });

  it('serves more at the same time than it holds', async () => {
    const { cache } = await world(10);
    const keys = ['a', 'b', 'c', 'd', 'a', 'b'];
    await Promise.all(keys.map((key) => cache.fetch('s3://data', shard(key))));
    expect((await readdir(folder)).length).toBe(1);
  });

  it('uses what was left from before, the oldest making room first, and removes what is not whole', async () => {
    const before = await world(100);
    const paths = await Promise.all(['a', 'b'].map((key) => before.cache.fetch('s3://data', shard(key))));
    await utimes(paths[0] ?? '', 1, 1);
    const abandoned = `${paths[0] ?? ''}.partial-01234567-0123-0123-0123-0123456789ab`;
    await writeFile(abandoned, 'half');
    await utimes(abandoned, 1, 1);
    const { fetches, text } = await world(20);
    await text('b');
    expect(fetches).toEqual([]);
    await text('c');
    await text('b');
    expect(fetches).toEqual(['c']);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('fetches again what was discarded, or taken away by somebody else', async () => {
    const { cache, fetches, text } = await world(100);
    await text('a');
    await cache.discard('s3://data', shard('a'));
    await text('a');
    await rm(await cache.fetch('s3://data', shard('a')));
    await text('a');
    expect(fetches).toEqual(['a', 'a', 'a']);
  });

  it('shows nothing of a fetch that failed, and tries again when asked again', async () => {
    const { cache, storage, text } = await world(100);
    const content = storage.objects.get('a') ?? Buffer.alloc(0);
    storage.objects.delete('a');
    await expect(text('a')).rejects.toMatchObject({ reason: 'InvalidData' });
    expect(await readdir(folder)).toEqual([]);
    storage.objects.set('a', content.subarray(0, 9));
    await expect(text('a')).rejects.toThrow('has 9 bytes, but had 10 when it was indexed');
    expect(await readdir(folder)).toEqual([]);
    storage.objects.set('a', content);
    expect(await text('a')).toBe('aaaaaaaaaa');
    await expect(cache.fetch('s3://data', shard('big', 101))).rejects.toThrow('make the cache larger');
  });

  it('says that data cannot be read now when the store does not answer', async () => {
    const open = () => ({
      ...createMemoryStorage(),
      download: () => Promise.reject(new StorageError('Unreachable', 'no answer')),
    });
    const cache = await openNodeCache({ folder, sizeBytes: 100, open, clock: systemClock });
    await expect(cache.fetch('s3://data', shard('a'))).rejects.toMatchObject({ reason: 'DataUnavailable' });
  });
});
