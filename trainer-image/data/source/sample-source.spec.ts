import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageExample, tfRecordFile } from '../../../test/fixtures/image-set/shard-files.ts';
import { createMemoryStorage } from '../../../test/fixtures/memory-storage.ts';
import { systemClock } from '../../../operator/base/clock.ts';
import { makeIndex } from '../index/open-index.ts';
import { openNodeCache } from './node-cache.ts';
import { createSampleSource } from './sample-source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-source-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function world() {
  const images = ['first', 'second', 'third'].map((text, label) => ({ bytes: Buffer.from(text), label }));
  const storage = createMemoryStorage(
    new Map([['shard', tfRecordFile(images.map((image) => imageExample(image)))]]),
  );
  const index = await makeIndex({ format: 'tfrecord' }, { root: '' }, storage);
  const cache = await openNodeCache({ folder, sizeBytes: 1e6, open: () => storage, clock: systemClock });
  return { storage, index, cache };
}

describe('the samples of shards', () => {
  it('are read by number, directly or from the cache', async () => {
    const { storage, index, cache } = await world();
    for (const source of [
      createSampleSource(index, storage, undefined),
      createSampleSource(index, storage, cache),
    ]) {
      expect(Buffer.from(await source.read(2)).toString()).toBe('third');
      expect(Buffer.from(await source.read(0)).toString()).toBe('first');
    }
  });

  it('are fetched again when the cache has other bytes than were indexed', async () => {
    const { storage, index, cache } = await world();
    const source = createSampleSource(index, storage, cache);
    await source.read(0);
    const [name = ''] = await readdir(folder);
    await writeFile(path.join(folder, name), Buffer.alloc(storage.objects.get('shard')?.length ?? 0, 'x'));
    expect(Buffer.from(await source.read(1)).toString()).toBe('second');
  });

  it('are refused, by name, when the store itself has other bytes', async () => {
    const { storage, index, cache } = await world();
    storage.objects.set('shard', Buffer.alloc(storage.objects.get('shard')?.length ?? 0, 'x'));
    for (const each of [undefined, cache]) {
      await expect(createSampleSource(index, storage, each).read(1)).rejects.toThrow(
        /image 1 \(shard, byte \d+\) has other content than when it was indexed/,
      );
    }
    storage.objects.delete('shard');
    await expect(createSampleSource(index, storage, undefined).read(1)).rejects.toMatchObject({
      reason: 'InvalidData',
    });
  });
});
