import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../test/fixtures/memory-storage.ts';
import { smallState, smallTensors } from '../../test/fixtures/small-snapshot.ts';
import { describeCheckpoints } from '../../test/s3/checkpoint-contract.ts';
import { openStorage } from '../storage/open-storage.ts';
import { commitCheckpoint } from './commit-checkpoint.ts';
import { findNewestCheckpoint } from './find-newest-checkpoint.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { writeSnapshot } from './write-snapshot.ts';

describeCheckpoints('in memory', () => Promise.resolve(createMemoryStorage()));

describe('a checkpoint', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoint-'));
  });
  afterEach(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  it('can be read from a storage opened at its own folder', async () => {
    const snapshot = path.join(scratch, 'snapshot');
    await writeSnapshot(snapshot, smallTensors(7), smallState(7));
    const folder = openStorage(path.join(scratch, 'store'));
    const { uri } = await commitCheckpoint(folder, 'vision/resnet/uid-1', snapshot, { attempt: 1 });
    expect((await readCheckpoint(openStorage(uri), '')).state.step).toBe(7);
  });

  it('is not taken for missing when its storage fails', async () => {
    const storage = createMemoryStorage();
    const snapshot = path.join(scratch, 'snapshot');
    await writeSnapshot(snapshot, smallTensors(10), smallState(10));
    await commitCheckpoint(storage, 'vision/resnet/uid-1', snapshot, { attempt: 1 });
    const unreachable = { ...storage, read: () => failingRead() };
    await expect(findNewestCheckpoint(unreachable, 'vision/resnet/uid-1')).rejects.toThrow(
      'the line is dead',
    );
  });

  async function* failingRead(): AsyncGenerator<Uint8Array> {
    yield await Promise.reject(new Error('the line is dead'));
  }

  it('cannot be written to a folder that cannot be made', async () => {
    await writeFile(path.join(scratch, 'file'), '');
    await expect(
      writeSnapshot(path.join(scratch, 'file', 'x'), smallTensors(1), smallState(1)),
    ).rejects.toMatchObject({ reason: 'CheckpointFailed' });
  });
});
