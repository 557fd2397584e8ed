import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStorage, failAfter, type MemoryStorage } from '../../test/fixtures/memory-storage.ts';
import { smallState, smallTensors } from '../../test/fixtures/small-snapshot.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { runPrefix, stepFolder } from './checkpoint-layout.ts';
import { commitCheckpoint } from './commit-checkpoint.ts';
import { findNewestCheckpoint } from './find-newest-checkpoint.ts';
import { readCheckpoint, readWeights } from './read-checkpoint.ts';
import type { TrainingState } from './training-state.ts';
import { writeSnapshot } from './write-snapshot.ts';

const prefix = runPrefix({ namespace: 'vision', run: 'resnet', runUid: 'uid-1' });
let scratch: string;
let storage: MemoryStorage;

beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoint-'));
  storage = createMemoryStorage();
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const snapshot = async (step: number, changes: Partial<TrainingState> = {}) => {
  const folder = path.join(scratch, `step-${step}`);
  await writeSnapshot(folder, smallTensors(step), smallState(step, changes));
  return folder;
};
const save = async (
  target: Storage,
  step: number,
  { attempt = 1, ...changes }: Partial<TrainingState> = {},
) => commitCheckpoint(target, prefix, await snapshot(step, { attempt, ...changes }), { attempt });
const change = (key: string, edit: (bytes: Buffer) => Buffer) => {
  storage.objects.set(key, edit(Buffer.from(storage.objects.get(key) ?? '')));
};
const keyOf = (step: number, name: string) => `${stepFolder(prefix, step)}/${name}`;

describe('a committed checkpoint', () => {
  it('has its place, its files and nothing else', async () => {
    const { uri } = await save(storage, 40);
    expect(uri).toBe('memory://runs/vision/resnet/uid-1/step-000000000040');
    expect([...storage.objects.keys()].sort()).toEqual(
      ['manifest.json', 'model.safetensors', 'optimizer.safetensors', 'state.json'].map((name) =>
        keyOf(40, name),
      ),
    );
  });

  it('gives back tensors and state', async () => {
    await save(storage, 40, { top1: 0.9, best: { top1: 0.9, step: 40 } });
    const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
    expect(skipped).toEqual([]);
    expect(newest?.manifest).toMatchObject({ step: 40, epoch: 4, attempt: 1, top1: 0.9 });
    const { tensors, state } = await readCheckpoint(storage, newest?.folder ?? '');
    expect(state).toEqual(smallState(40, { top1: 0.9, best: { top1: 0.9, step: 40 } }));
    expect(tensors.map(({ name, shape, data }) => ({ name, shape, data: [...data] }))).toEqual(
      smallTensors(40).map(({ name, shape, data }) => ({ name, shape, data: [...data] })),
    );
    expect((await readWeights(storage, newest?.folder ?? '')).tensors.map(({ name }) => name)).toEqual([
      'fc.weight',
      'fc.bias',
    ]);
  });

  it('can be read from a storage opened at its own folder', async () => {
    const folder = openStorage(path.join(scratch, 'store'));
    const { uri } = await save(folder, 7);
    expect((await readCheckpoint(openStorage(uri), '')).state.step).toBe(7);
  });

  it('is found newest first', async () => {
    for (const step of [10, 9, 100]) await save(storage, step);
    expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(100);
  });

  it('may be committed again, as after a failure of which nobody knows how far it got', async () => {
    await save(storage, 40);
    const before = new Map(storage.objects);
    await save(storage, 40);
    expect(storage.objects).toEqual(before);
  });

  it('is replaced by that of a later attempt', async () => {
    await save(storage, 40);
    change(keyOf(40, 'model.safetensors'), (bytes) => bytes.fill(0xff, bytes.length - 4));
    await save(storage, 40, { attempt: 2 });
    expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.attempt).toBe(2);
  });
});

describe('a run without checkpoints', () => {
  it('finds none', async () => {
    expect(await findNewestCheckpoint(storage, prefix)).toEqual({ skipped: [] });
    expect(await findNewestCheckpoint(openStorage(path.join(scratch, 'none')), prefix)).toEqual({
      skipped: [],
    });
  });

  it('does not take those of another run, whose name begins like its own', async () => {
    await commitCheckpoint(storage, `${prefix}0`, await snapshot(5), { attempt: 1 });
    expect(await findNewestCheckpoint(storage, prefix)).toEqual({ skipped: [] });
  });
});

describe('a damaged checkpoint', () => {
  beforeEach(async () => {
    for (const step of [10, 20]) await save(storage, step);
  });

  const files = ['model.safetensors', 'optimizer.safetensors', 'state.json', 'manifest.json'];
  it.each([
    ...files.map((name) => [name, 'flipped', 'a bit'] as const),
    ...files.map((name) => [name, 'cut', 'its last byte'] as const),
    ...files.map((name) => [name, 'missing', 'all of it'] as const),
  ])('with %s %s (%s) is skipped and named', async (name, how) => {
    const key = keyOf(20, name);
    if (how === 'missing') storage.objects.delete(key);
    if (how === 'cut') change(key, (bytes) => bytes.subarray(0, -2));
    if (how === 'flipped')
      change(key, (bytes) => Buffer.from(bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte))));
    const { newest, skipped } = await findNewestCheckpoint(storage, prefix);
    expect(newest?.manifest.step).toBe(10);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]?.uri).toContain('step-000000000020');
    expect(skipped[0]?.why).toContain(name);
  });

  it('is not read', async () => {
    change(keyOf(20, 'model.safetensors'), (bytes) => bytes.fill(0xff, bytes.length - 4));
    const folder = stepFolder(prefix, 20);
    await expect(readCheckpoint(storage, folder)).rejects.toThrow('but its manifest says');
    await expect(readWeights(storage, folder)).rejects.toMatchObject({ reason: 'IncompatibleCheckpoint' });
  });

  it('on disk is found out too', async () => {
    const folder = openStorage(path.join(scratch, 'store'));
    for (const step of [10, 20]) await save(folder, step);
    await truncate(path.join(folder.uri, keyOf(20, 'model.safetensors')), 30);
    expect((await findNewestCheckpoint(folder, prefix)).newest?.manifest.step).toBe(10);
  });
});

describe('a storage that fails', () => {
  it('is not taken for an empty one', async () => {
    await save(storage, 10);
    const unreachable = { ...storage, read: () => failingRead() };
    await expect(findNewestCheckpoint(unreachable, prefix)).rejects.toThrow('the line is dead');
  });

  async function* failingRead(): AsyncGenerator<Uint8Array> {
    yield await Promise.reject(new Error('the line is dead'));
  }

  it('after any number of changes leaves the old checkpoint or the new one, and the commit can be repeated', async () => {
    await save(storage, 10);
    const before = new Map(storage.objects);
    for (let changes = 0; ; changes += 1) {
      const disk = createMemoryStorage(new Map(before));
      const outcome = await save(failAfter(disk, changes), 20).then(
        () => 'saved',
        (error: unknown) => error,
      );
      const { newest } = await findNewestCheckpoint(disk, prefix);
      if (outcome === 'saved') {
        expect(newest?.manifest.step).toBe(20);
        expect(changes).toBe(7);
        break;
      }
      expect(outcome).toMatchObject({ reason: 'CheckpointFailed', fault: 'NoSpace' });
      expect([10, 20]).toContain(newest?.manifest.step);
      await save(disk, 20);
      expect((await findNewestCheckpoint(disk, prefix)).newest?.manifest.step).toBe(20);
    }
  });

  it('while a checkpoint is replaced leaves the one before it', async () => {
    for (const step of [10, 20]) await save(storage, step);
    const before = new Map(storage.objects);
    for (let changes = 0; changes < 7; changes += 1) {
      const disk = createMemoryStorage(new Map(before));
      await save(failAfter(disk, changes), 20, { attempt: 2 }).catch(() => undefined);
      const { newest } = await findNewestCheckpoint(disk, prefix);
      expect([10, 20]).toContain(newest?.manifest.step);
    }
  });

  it('reports a snapshot folder that cannot be made', async () => {
    await writeFile(path.join(scratch, 'file'), '');
    await expect(
      writeSnapshot(path.join(scratch, 'file', 'x'), smallTensors(1), smallState(1)),
    ).rejects.toMatchObject({ reason: 'CheckpointFailed' });
  });
});

describe('an attempt that is not the newest', () => {
  it('may not commit, neither a later step nor the same', async () => {
    await save(storage, 30, { attempt: 3 });
    const before = new Map(storage.objects);
    for (const step of [20, 30, 40]) {
      await expect(save(storage, step, { attempt: 2 })).rejects.toMatchObject({ reason: 'Fenced' });
    }
    expect(storage.objects).toEqual(before);
  });

  it('is stopped before its manifest when it is overtaken meanwhile', async () => {
    const overtaken = {
      ...storage,
      put: async (...args: Parameters<Storage['put']>) => {
        if (args[0].endsWith('optimizer.safetensors')) await save(storage, 30, { attempt: 3 });
        return storage.put(...args);
      },
    };
    await expect(save(overtaken, 40, { attempt: 2 })).rejects.toMatchObject({ reason: 'Fenced' });
    expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(30);
  });
});
