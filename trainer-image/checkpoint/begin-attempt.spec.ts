import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../test/fixtures/memory-storage.ts';
import { smallState, smallTensors } from '../../test/fixtures/small-snapshot.ts';
import type { Storage } from '../storage/storage.ts';
import { applyRetention } from './apply-retention.ts';
import { beginAttempt } from './begin-attempt.ts';
import { commitCheckpoint } from './commit-checkpoint.ts';
import { Fenced } from './fenced.ts';
import { findNewestCheckpoint } from './find-newest-checkpoint.ts';
import { writeSnapshot } from './write-snapshot.ts';

const prefix = 'vision/resnet/uid-1';
const keep = { last: 1, best: false };
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-begin-attempt-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function saveAndRetain(storage: Storage, step: number): Promise<void> {
  await writeSnapshot(scratch, smallTensors(step), smallState(step));
  await commitCheckpoint(storage, prefix, scratch, { attempt: 1 });
  await applyRetention(storage, prefix, keep, { attempt: 1 });
}

describe('an attempt that begins while an earlier one still saves and removes checkpoints', () => {
  it('continues from a checkpoint that stays, whenever the earlier one saves and removes', async () => {
    for (let quietReads = 0; ; quietReads += 1) {
      const storage = createMemoryStorage();
      await saveAndRetain(storage, 10);
      let reads = 0;
      let step = 10;
      let isFenced = false;
      /** Once the newcomer has read a number of times, the earlier attempt saves before each further read. */
      const meanwhile = async () => {
        reads += 1;
        if (reads <= quietReads || isFenced) return;
        step += 10;
        await saveAndRetain(storage, step).catch((error: unknown) => {
          if (!(error instanceof Fenced)) throw error;
          isFenced = true;
        });
      };
      const contended: Storage = {
        ...storage,
        get: async (key) => {
          await meanwhile();
          return storage.get(key);
        },
        async *read(key) {
          await meanwhile();
          yield* storage.read(key);
        },
      };
      const { newest, skipped } = await beginAttempt(contended, prefix, 2);
      expect(skipped).toEqual([]);
      expect(newest?.manifest.step).toBeGreaterThanOrEqual(10);
      expect((await findNewestCheckpoint(storage, prefix)).newest?.folder).toBe(newest?.folder);
      if (reads <= quietReads) break;
    }
  });

  it('is fenced by one that began later', async () => {
    const storage = createMemoryStorage();
    await saveAndRetain(storage, 10);
    await beginAttempt(storage, prefix, 3);
    await expect(beginAttempt(storage, prefix, 2)).rejects.toBeInstanceOf(Fenced);
  });
});
