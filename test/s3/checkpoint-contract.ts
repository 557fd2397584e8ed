import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyRetention } from '../../trainer-image/checkpoint/apply-retention.ts';
import { claimAttempt } from '../../trainer-image/checkpoint/attempt-claims.ts';
import { runPrefix, stepFolder } from '../../trainer-image/checkpoint/checkpoint-layout.ts';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { findNewestCheckpoint } from '../../trainer-image/checkpoint/find-newest-checkpoint.ts';
import { readCheckpoint, readWeights } from '../../trainer-image/checkpoint/read-checkpoint.ts';
import type { TrainingState } from '../../trainer-image/checkpoint/training-state.ts';
import { writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import type { Storage } from '../../trainer-image/storage/storage.ts';
import { failAfter } from '../fixtures/memory-storage.ts';
import { smallState, smallTensors } from '../fixtures/small-snapshot.ts';

const prefix = runPrefix({ namespace: 'vision', run: 'resnet', runUid: 'uid-1' });
const files = ['manifest.json', 'model.safetensors', 'optimizer.safetensors', 'state.json'];
const keyOf = (step: number, name: string) => `${stepFolder(prefix, step)}/${name}`;

/** What checkpoints promise on any storage. `open` gives an empty one each time. */
export function describeCheckpoints(name: string, open: () => Promise<Storage>): void {
  let scratch: string;
  let storage: Storage;

  const save = async (
    target: Storage,
    step: number,
    { attempt = 1, ...changes }: Partial<TrainingState> = {},
  ) => {
    const folder = await mkdtemp(path.join(scratch, 'snapshot-'));
    await writeSnapshot(folder, smallTensors(step), smallState(step, { attempt, ...changes }));
    return commitCheckpoint(target, prefix, folder, { attempt });
  };
  const newestStep = async (target: Storage) =>
    (await findNewestCheckpoint(target, prefix)).newest?.manifest.step;
  const contents = async (target: Storage) => {
    const objects = await target.list('');
    return Promise.all(objects.map(async ({ key }) => [key, (await target.get(key)).toString('base64')]));
  };

  describe(name, () => {
    beforeAll(async () => {
      scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoints-'));
    });
    afterAll(async () => {
      await rm(scratch, { recursive: true, force: true });
    });
    beforeEach(async () => {
      storage = await open();
    });

    describe('a committed checkpoint', () => {
      it('has its place, its files and nothing else', async () => {
        const { uri } = await save(storage, 40);
        expect(uri).toBe(`${storage.uri}/vision/resnet/uid-1/step-000000000040`);
        expect((await storage.list('')).map(({ key }) => key)).toEqual(files.map((file) => keyOf(40, file)));
      });

      it('gives back tensors and state', async () => {
        await save(storage, 40, { top1: 0.9, best: { top1: 0.9, step: 40 } });
        const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
        expect(skipped).toEqual([]);
        expect(newest?.manifest).toMatchObject({ step: 40, epoch: 4, attempt: 1, top1: 0.9 });
        const { tensors, state } = await readCheckpoint(storage, newest?.folder ?? '');
        expect(state).toEqual(smallState(40, { top1: 0.9, best: { top1: 0.9, step: 40 } }));
        expect(tensors.map(({ name: tensor, shape, data }) => ({ tensor, shape, data: [...data] }))).toEqual(
          smallTensors(40).map(({ name: tensor, shape, data }) => ({ tensor, shape, data: [...data] })),
        );
        const weights = await readWeights(storage, newest?.folder ?? '');
        expect(weights.tensors.map((tensor) => tensor.name)).toEqual(['fc.weight', 'fc.bias']);
      });

      it('is found newest first', async () => {
        for (const step of [10, 9, 100]) await save(storage, step);
        expect(await newestStep(storage)).toBe(100);
      });

      it('may be committed again, as after a failure of which nobody knows how far it got', async () => {
        await save(storage, 40);
        const before = await contents(storage);
        await save(storage, 40);
        expect(await contents(storage)).toEqual(before);
      });

      it('is replaced by that of a later attempt', async () => {
        await save(storage, 40);
        await storage.put(keyOf(40, 'model.safetensors'), { bytes: Buffer.from('damaged') });
        await save(storage, 40, { attempt: 2 });
        expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.attempt).toBe(2);
      });
    });

    describe('a run without checkpoints', () => {
      it('finds none, and takes none of a run whose name begins like its own', async () => {
        expect(await findNewestCheckpoint(storage, prefix)).toEqual({ skipped: [] });
        const folder = await mkdtemp(path.join(scratch, 'snapshot-'));
        await writeSnapshot(folder, smallTensors(5), smallState(5));
        await commitCheckpoint(storage, `${prefix}0`, folder, { attempt: 1 });
        expect(await findNewestCheckpoint(storage, prefix)).toEqual({ skipped: [] });
      });
    });

    describe('a damaged checkpoint', () => {
      it.each(
        files.flatMap((file) => ['with a bit flipped', 'cut short', 'missing'].map((how) => [file, how])),
      )('with %s %s is skipped and named, and not read', async (file = '', how = '') => {
        for (const step of [10, 20]) await save(storage, step);
        const key = keyOf(20, file);
        const bytes = await storage.get(key);
        if (how === 'missing') await storage.delete(key);
        else {
          const damaged = how === 'cut short' ? bytes.subarray(0, -2) : Buffer.from(bytes);
          if (how === 'with a bit flipped') damaged.writeUInt8(damaged.readUInt8(3) ^ 1, 3);
          await storage.put(key, { bytes: damaged });
        }
        const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
        expect(newest?.manifest.step).toBe(10);
        expect(skipped).toHaveLength(1);
        expect(skipped[0]?.uri).toContain('step-000000000020');
        expect(skipped[0]?.why).toContain(file);
        await expect(readCheckpoint(storage, stepFolder(prefix, 20))).rejects.toMatchObject({
          reason: 'IncompatibleCheckpoint',
        });
      });
    });

    describe('a storage that fails', () => {
      it('after any number of changes leaves the old checkpoint or the new one, and the commit can be repeated', async () => {
        for (let changes = 0; ; changes += 1) {
          const disk = await open();
          await save(disk, 10);
          const outcome = await save(failAfter(disk, changes), 20).then(
            () => 'saved',
            (error: unknown) => error,
          );
          const newest = await newestStep(disk);
          if (outcome === 'saved') {
            expect(newest).toBe(20);
            expect(changes).toBe(7);
            break;
          }
          expect(outcome).toMatchObject({ reason: 'CheckpointFailed', fault: 'NoSpace' });
          expect([10, 20]).toContain(newest);
          await save(disk, 20);
          expect(await newestStep(disk)).toBe(20);
        }
      });

      it('while a checkpoint is replaced leaves the one before it', async () => {
        for (let changes = 0; changes < 7; changes += 1) {
          const disk = await open();
          for (const step of [10, 20]) await save(disk, step);
          await save(failAfter(disk, changes), 20, { attempt: 2 }).catch(() => undefined);
          expect([10, 20]).toContain(await newestStep(disk));
        }
      });
    });

    describe('an attempt that is not the newest', () => {
      it('may not commit when a newer one has saved, neither a later step nor the same', async () => {
        await save(storage, 30, { attempt: 3 });
        const before = await contents(storage);
        for (const step of [20, 30, 40]) {
          await expect(save(storage, step, { attempt: 2 })).rejects.toMatchObject({ reason: 'Fenced' });
        }
        expect(await contents(storage)).toEqual(before);
      });

      it('may not commit when a newer one has begun', async () => {
        await save(storage, 10, { attempt: 2 });
        await claimAttempt(storage, prefix, { attempt: 3, fromStep: 10 });
        await expect(save(storage, 20, { attempt: 2 })).rejects.toMatchObject({ reason: 'Fenced' });
        await save(storage, 20, { attempt: 3 });
        expect(await newestStep(storage)).toBe(20);
      });

      it('is stopped before its manifest when it is overtaken meanwhile', async () => {
        const overtaken: Storage = {
          ...storage,
          put: async (...args) => {
            if (args[0].endsWith('optimizer.safetensors')) await save(storage, 30, { attempt: 3 });
            return storage.put(...args);
          },
        };
        await expect(save(overtaken, 40, { attempt: 2 })).rejects.toMatchObject({ reason: 'Fenced' });
        expect(await newestStep(storage)).toBe(30);
      });

      it.each([
        ['a later step', 40],
        ['the same step', 30],
      ])('has stored nothing that counts when its last write arrives late, for %s', async (_, step) => {
        await save(storage, 10, { attempt: 2 });
        // Held up after its last check, as by a partition that heals when the newer attempt is long at work.
        const heldUp: Storage = {
          ...storage,
          put: async (...args) => {
            if (args[0].endsWith('manifest.json')) {
              await claimAttempt(storage, prefix, { attempt: 3, fromStep: 10 });
            }
            return storage.put(...args);
          },
        };
        await save(heldUp, step, { attempt: 2 });
        const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
        expect(newest?.manifest.step).toBe(10);
        expect(skipped[0]?.why).toBe('attempt 2 stored it after attempt 3 had begun');

        await save(storage, 30, { attempt: 3 });
        expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest).toMatchObject({
          step: 30,
          attempt: 3,
        });
        await applyRetention(storage, prefix, { last: 5, best: true }, { attempt: 3 });
        expect((await storage.list(prefix)).filter(({ key }) => key.includes('step-000000000040'))).toEqual(
          [],
        );
        expect(await newestStep(storage)).toBe(30);
      });

      it('does not win a race for one step that it stores into at the same time', async () => {
        await save(storage, 10, { attempt: 2 });
        await claimAttempt(storage, prefix, { attempt: 3, fromStep: 10 });
        const older = await mkdtemp(path.join(scratch, 'snapshot-'));
        await writeSnapshot(older, smallTensors(20), smallState(20, { attempt: 2, trainSeconds: 99 }));
        let raced = false;
        const racing: Storage = {
          ...storage,
          put: async (...args) => {
            if (args[0].endsWith('manifest.json') && !raced) {
              raced = true;
              // All that the older one still had on its way arrives just now.
              const unaware = { ...storage, list: () => Promise.resolve([]) };
              await commitCheckpoint(unaware, prefix, older, { attempt: 2 });
            }
            return storage.put(...args);
          },
        };
        await save(racing, 20, { attempt: 3 });
        const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
        expect(skipped).toEqual([]);
        expect(newest?.manifest).toMatchObject({ step: 20, attempt: 3 });
        expect(newest?.state.trainSeconds).toBe(10);
      });
    });

    describe('retention', () => {
      const stepsIn = async () => [
        ...new Set((await storage.list(prefix)).map(({ key }) => Number(/step-([0-9]+)/.exec(key)?.[1]))),
      ];

      it('keeps the newest and the best, and nothing half-made', async () => {
        for (const [step, top1] of [
          [10, 0.5],
          [20, 0.9],
          [30, 0.8],
          [40, 0.7],
        ] as const) {
          await save(storage, step, { top1 });
        }
        await save(failAfter(storage, 3), 50).catch(() => undefined);
        const { kept, best } = await applyRetention(storage, prefix, { last: 1, best: true }, { attempt: 2 });
        expect(kept.map(({ manifest }) => manifest.step)).toEqual([40, 20]);
        expect(best?.manifest.step).toBe(20);
        expect(await stepsIn()).toEqual([20, 40]);
      });

      it('never removes the newest that verifies, nor what the run did not write', async () => {
        for (const step of [10, 20, 30]) await save(storage, step);
        await storage.put(keyOf(30, 'model.safetensors'), { bytes: Buffer.from('damaged') });
        await storage.put(keyOf(10, 'notes.txt'), { bytes: Buffer.from('mine') });
        await applyRetention(storage, prefix, { last: 1, best: false }, { attempt: 1 });
        expect(await stepsIn()).toEqual([10, 20, 30]);
        expect((await storage.get(keyOf(10, 'notes.txt'))).toString()).toBe('mine');
        expect(await storage.exists(keyOf(10, 'manifest.json'))).toBe(false);
        expect(await newestStep(storage)).toBe(20);
      });
    });
  });
}
