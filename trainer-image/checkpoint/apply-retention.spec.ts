import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStorage, failAfter } from '../../test/fixtures/memory-storage.ts';
import { smallState, smallTensors } from '../../test/fixtures/small-snapshot.ts';
import type { Storage } from '../storage/storage.ts';
import { applyRetention } from './apply-retention.ts';
import { stepFolder } from './checkpoint-layout.ts';
import { commitCheckpoint } from './commit-checkpoint.ts';
import { findNewestCheckpoint } from './find-newest-checkpoint.ts';
import { writeSnapshot } from './write-snapshot.ts';

const prefix = 'vision/resnet/uid-1';
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-retention-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

interface Saved {
  readonly step: number;
  readonly top1?: number;
  readonly attempt?: number;
  readonly under?: string;
}
const save = async (storage: Storage, { step, top1, attempt = 1, under = prefix }: Saved) => {
  await writeSnapshot(
    scratch,
    smallTensors(step),
    smallState(step, { attempt, ...(top1 === undefined ? {} : { top1 }) }),
  );
  return commitCheckpoint(storage, under, scratch, { attempt });
};
const storageWith = async (...checkpoints: readonly Saved[]) => {
  const storage = createMemoryStorage();
  for (const checkpoint of checkpoints) await save(storage, checkpoint);
  return storage;
};
const stepsIn = (storage: { objects: Map<string, Buffer> }) =>
  [...new Set([...storage.objects.keys()].map((key) => Number(/step-([0-9]+)/.exec(key)?.[1])))].sort(
    (a, b) => a - b,
  );
const first = { attempt: 1 };

describe('retention', () => {
  it('keeps the newest and the best, and says what it did', async () => {
    const storage = await storageWith(
      { step: 10, top1: 0.5 },
      { step: 20, top1: 0.9 },
      { step: 30, top1: 0.8 },
      { step: 40 },
      { step: 50, top1: 0.7 },
    );
    const { kept, best, removed } = await applyRetention(storage, prefix, { last: 2, best: true }, first);
    expect(stepsIn(storage)).toEqual([20, 40, 50]);
    expect(kept.map(({ manifest }) => manifest.step)).toEqual([50, 40, 20]);
    expect(best?.manifest.step).toBe(20);
    expect(removed).toEqual([
      'memory://runs/vision/resnet/uid-1/step-000000000030',
      'memory://runs/vision/resnet/uid-1/step-000000000010',
    ]);
  });

  it('does not keep the best if not asked to', async () => {
    const storage = await storageWith({ step: 10, top1: 0.9 }, { step: 20, top1: 0.8 });
    await applyRetention(storage, prefix, { last: 1, best: false }, first);
    expect(stepsIn(storage)).toEqual([20]);
  });

  it('keeps the newest that verifies when those after it are damaged', async () => {
    const storage = await storageWith({ step: 10 }, { step: 20 }, { step: 30 });
    storage.objects.set(`${stepFolder(prefix, 30)}/model.safetensors`, Buffer.from('damaged'));
    await applyRetention(storage, prefix, { last: 1, best: false }, first);
    expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(20);
    expect(stepsIn(storage)).toEqual([20, 30]);
  });

  it('removes nothing when none verifies', async () => {
    const storage = await storageWith({ step: 10 }, { step: 20 });
    for (const step of [10, 20]) storage.objects.delete(`${stepFolder(prefix, step)}/state.json`);
    await applyRetention(storage, prefix, { last: 1, best: false }, first);
    expect(stepsIn(storage)).toEqual([10, 20]);
  });

  it('removes nothing that this run did not write', async () => {
    const other = await storageWith(
      { step: 5, under: 'vision/other/uid-2' },
      { step: 15, under: 'vision/other/uid-2' },
    );
    const storage = await storageWith({ step: 20 }, { step: 30 });
    const foreign = new Map<string, Buffer>(other.objects);
    for (const [key, bytes] of other.objects) foreign.set(key.replace('vision/other/uid-2', prefix), bytes);
    foreign.delete(`${stepFolder(prefix, 15)}/manifest.json`); // A copy whose manifest was left out.
    foreign.set(`${stepFolder(prefix, 20)}/notes.txt`, Buffer.from('mine'));
    foreign.set(`${prefix}/step-7/model.safetensors`, Buffer.from('mine'));
    foreign.set(`${prefix}/report.html`, Buffer.from('mine'));
    foreign.set(`${stepFolder(prefix, 3)}/manifest.json`, Buffer.from('{}'));
    for (const [key, bytes] of foreign) storage.objects.set(key, bytes);

    await applyRetention(storage, prefix, { last: 1, best: false }, { attempt: 9 });
    for (const [key, bytes] of foreign) expect(storage.objects.get(key), key).toEqual(bytes);
    expect([...storage.objects.keys()].filter((key) => key.startsWith(stepFolder(prefix, 20)))).toHaveLength(
      1,
    );
  });

  it('may not be applied by an attempt that is not the newest', async () => {
    const storage = await storageWith({ step: 10, attempt: 1 }, { step: 20, attempt: 2 });
    const retention = applyRetention(storage, prefix, { last: 1, best: false }, first);
    await expect(retention).rejects.toMatchObject({ reason: 'Fenced' });
    expect(stepsIn(storage)).toEqual([10, 20]);
  });
});

describe('what a crash left', () => {
  const interrupted = async (changes: number) => {
    const storage = await storageWith({ step: 10 });
    await save(failAfter(storage, changes), { step: 20 }).catch(() => undefined);
    return storage;
  };

  it('is removed by the next attempt', async () => {
    for (const changes of [1, 2, 3, 4, 5]) {
      const storage = await interrupted(changes);
      expect(stepsIn(storage)).toEqual([10, 20]);
      const { removed } = await applyRetention(storage, prefix, { last: 3, best: true }, { attempt: 2 });
      expect(removed).toEqual(['memory://runs/vision/resnet/uid-1/step-000000000020']);
      expect(stepsIn(storage)).toEqual([10]);
    }
  });

  it('is left alone by the same attempt until a later step is saved', async () => {
    const storage = await interrupted(3);
    await applyRetention(storage, prefix, { last: 3, best: true }, first);
    expect(stepsIn(storage)).toEqual([10, 20]);
    await save(storage, { step: 30 });
    await applyRetention(storage, prefix, { last: 3, best: true }, first);
    expect(stepsIn(storage)).toEqual([10, 30]);
  });

  it('does not cost the checkpoint if only the mark was left', async () => {
    const storage = await interrupted(6);
    expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(20);
    await applyRetention(storage, prefix, { last: 3, best: true }, { attempt: 2 });
    expect([...storage.objects.keys()].filter((key) => key.endsWith('unfinished.json'))).toEqual([]);
    expect(stepsIn(storage)).toEqual([10, 20]);
  });
});

describe('retention under any circumstances', () => {
  const checkpoints = fc.uniqueArray(
    fc.record(
      { step: fc.integer({ min: 0, max: 50 }), top1: fc.constantFrom(0.1, 0.5, 0.9), damaged: fc.boolean() },
      { requiredKeys: ['step', 'damaged'] },
    ),
    { selector: ({ step }) => step, minLength: 1, maxLength: 6 },
  );

  it('keeps the newest good checkpoint, the last and the best, wherever it is interrupted, and finishes later', async () => {
    await fc.assert(
      fc.asyncProperty(
        checkpoints,
        fc.record({ last: fc.integer({ min: 1, max: 4 }), best: fc.boolean() }),
        fc.integer({ min: 0, max: 30 }),
        async (saved, keep, changes) => {
          const storage = await storageWith(...saved);
          for (const { step } of saved.filter(({ damaged }) => damaged)) {
            storage.objects.set(`${stepFolder(prefix, step)}/model.safetensors`, Buffer.from('damaged'));
          }
          const good = (await findNewestCheckpoint(storage, prefix)).newest?.manifest.step;

          await applyRetention(failAfter(storage, changes), prefix, keep, first).catch(() => undefined);
          expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(good);

          const next = await applyRetention(storage, prefix, keep, { attempt: 2 });
          expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(good);
          const newestFirst = saved.map(({ step }) => step).sort((a, b) => b - a);
          const left = stepsIn(storage).sort((a, b) => b - a);
          expect(left.slice(0, keep.last)).toEqual(newestFirst.slice(0, keep.last));
          const bestTop1 = Math.max(...saved.map(({ top1 }) => top1 ?? -1));
          if (keep.best && bestTop1 > 0) expect(next.best?.manifest.top1).toBe(bestTop1);
          if (good !== undefined) expect(left.length).toBeLessThanOrEqual(keep.last + 2);
        },
      ),
      { numRuns: 60 },
    );
  });
});
