import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProgramWorld, printedRun, type ProgramWorld } from './program.ts';

let world: ProgramWorld;
beforeEach(async () => {
  world = await openProgramWorld();
});
afterEach(async () => {
  await world.dispose();
});

/** Trains and expects a failure; gives its exit code, reason and message. */
async function failureOf(spec: object = {}) {
  const typed = world.type('run', await world.writeRun('bad', spec), '--output', 'json');
  const { code, stdout, stderr } = await typed.ended;
  const { lastFailure, result } = printedRun(stdout).status ?? {};
  expect(result).toBeUndefined();
  return { code, reason: lastFailure?.reason, message: lastFailure?.message ?? '', stderr };
}

const labelFile = () => join(world.folder, 'data/train-labels-idx1-ubyte.gz');

describe('bad data ends the run at once, with exit code 65', () => {
  it('when a file is missing', async () => {
    await unlink(labelFile());
    const { code, reason, message } = await failureOf();
    expect([code, reason]).toEqual([65, 'InvalidData']);
    expect(message).toContain('train-labels-idx1-ubyte.gz');
  });

  it('when a file is cut short', async () => {
    await truncate(join(world.folder, 'data/train-images-idx3-ubyte.gz'), 5000);
    const { code, reason, message } = await failureOf();
    expect([code, reason]).toEqual([65, 'InvalidData']);
    expect(message).toMatch(/train-images-idx3-ubyte\.gz.*(truncated|cut short|ends)/);
  });

  it('when the content is not what its digest says', async () => {
    const labels = gunzipSync(await readFile(labelFile()));
    labels.writeUInt8((labels.readUInt8(8) + 1) % 10, 8);
    await writeFile(labelFile(), gzipSync(labels));
    const { code, reason, message } = await failureOf();
    expect([code, reason]).toEqual([65, 'InvalidData']);
    expect(message).toMatch(/[0-9a-f]{64}.*[0-9a-f]{64}/);
  });

  it('when a label is out of range', async () => {
    const labels = gunzipSync(await readFile(labelFile()));
    labels.writeUInt8(10, 11);
    await writeFile(labelFile(), gzipSync(labels));
    await unlink(join(world.folder, 'data/SHA256SUMS'));
    const sums = execFileSync(
      'bash',
      ['-c', 'for f in *.gz; do echo "$(gunzip -c $f | sha256sum | cut -d" " -f1)  ${f%.gz}"; done'],
      {
        cwd: join(world.folder, 'data'),
      },
    );
    await writeFile(join(world.folder, 'data/SHA256SUMS'), sums);
    const { code, reason, message } = await failureOf();
    expect([code, reason]).toEqual([65, 'InvalidData']);
    expect(message).toMatch(/label.*10/);
  });
});

describe('a loss that is not a number', () => {
  it('ends the run at once with exit code 66, naming the step', async () => {
    const recipe = {
      epochs: 6,
      batchSize: 32,
      learningRate: { base: 100, per: 1, warmupEpochs: 0 },
      precision: { compute: 'float32', lossScale: 'none' },
      mixup: { alpha: 0 },
    };
    const { code, reason, message } = await failureOf({ recipe });
    expect([code, reason]).toEqual([66, 'Diverged']);
    expect(message).toMatch(/step \d+/);
  });
});

describe('a disk that is full while a checkpoint is saved', () => {
  it.skipIf(process.getuid?.() !== 0)(
    'is named as the cause, and nothing half-written is taken for a checkpoint (needs root, to mount a small disk)',
    async () => {
      const disk = join(world.folder, 'checkpoints');
      await mkdir(disk);
      // Room for one checkpoint of the smallest network (0.6 MB) and a part of the next.
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=900k', 'tmpfs', disk]);
      try {
        const checkpoints = { uri: './checkpoints', every: { epochs: 1 }, keep: { last: 3, best: false } };
        const failurePolicy = { maxRestarts: 0 };
        const { code, reason, message } = await failureOf({ checkpoints, failurePolicy });
        expect([code, reason]).toEqual([1, 'CheckpointFailed']);
        expect(message).toMatch(/no space|full|ENOSPC/i);
        const [uid = ''] = readdirSync(join(disk, 'default/bad'));
        const committed = readdirSync(join(disk, 'default/bad', uid)).filter((step) =>
          readdirSync(join(disk, 'default/bad', uid, step)).includes('manifest.json'),
        );
        expect(committed).toHaveLength(1);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});
