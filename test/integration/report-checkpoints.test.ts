import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../operator/base/clock.ts';
import type { CommandContext } from '../../operator/cli/context.ts';
import { halfway, testRun } from '../../operator/cli/display/test-run.ts';
import { listStoredCheckpoints, readOrigin } from '../../operator/cli/report/stored-checkpoints.ts';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { smallState, smallTensors } from '../fixtures/small-snapshot.ts';

let folder: string;
let said: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-report-checkpoints-'));
  for (const step of [10, 20]) {
    const snapshot = path.join(folder, `snapshot-${step}`);
    await writeSnapshot(snapshot, smallTensors(step), smallState(step));
    await commitCheckpoint(openStorage(path.join(folder, 'runs')), 'run', snapshot, { attempt: 1 });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  said = '';
});

const context: CommandContext = {
  stdin: Readable.from([]),
  stdout: { write: () => undefined },
  stderr: { write: (text) => (said += text) },
  signals: { on: () => undefined, off: () => undefined },
  ...{ environment: {}, workingFolder: '/', isKubectlPlugin: false, clock: systemClock },
  programFolder: fileURLToPath(new URL('../..', import.meta.url)),
};

const newest = () => path.join(folder, 'runs/run/step-000000000020');
const run = () =>
  testRun({ ...halfway, checkpoint: { step: 20, epoch: 2, uri: newest(), savedAt: '2026-01-01T00:00:00Z' } });

describe('a report', () => {
  it('tells which checkpoints there are, and what the newest was made with', async () => {
    const listed = await listStoredCheckpoints(run(), {}, context);
    expect(listed.map(({ step }) => step)).toEqual([20, 10]);
    expect(await readOrigin(run(), {}, context)).toMatchObject({ weightsHash: smallState(20).weightsHash });
    expect(said).toBe('');
  });

  it('keeps its table of checkpoints when the newest of them cannot be shown', async () => {
    await writeFile(path.join(newest(), 'state.json'), '{}');
    const listed = await listStoredCheckpoints(run(), {}, context);
    expect(listed.map(({ step }) => step)).toEqual([20, 10]);
    expect(await readOrigin(run(), {}, context)).toBeUndefined();
    expect(said).toContain('what it was made with is not told of');
  });
});
