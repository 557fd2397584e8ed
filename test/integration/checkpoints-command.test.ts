import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { decodeSafetensors } from '../../trainer-image/checkpoint/safetensors.ts';
import { writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import { initialValues } from '../../trainer-image/model/initializers.ts';
import { resNet } from '../../trainer-image/model/resnet.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import type { Storage } from '../../trainer-image/storage/storage.ts';
import { toCheckpointLayout } from '../../trainer-image/train/checkpoint-tensors.ts';
import { smallState } from '../fixtures/small-snapshot.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';

const program = fileURLToPath(new URL('../../operator/cli/main.ts', import.meta.url));
const prefix = 'vision/resnet/uid-1';
const network = resNet(smallState(0).spec.model);
const weights = toCheckpointLayout(
  initialValues(network, { initializer: 'xavier', zeroGamma: true, seed: 0 }),
  network,
);
let server: S3Server;
let folder: string;
let uri: string;
let storage: Storage;
let store: string[];
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoints-command-'));
  server = await startS3Server();
  await server.createBucket('runs');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const { endpoint, credentialsFolder } = server;
  uri = `s3://runs/tree-${(opened += 1)}`;
  storage = openStorage(uri, { endpoint, credentialsFolder });
  store = ['--endpoint', endpoint, '--credentials', credentialsFolder];
  for (const [step, top1] of [
    [10, 0.9],
    [20, 0.8],
    [30, 0.7],
  ] as const) {
    await save(step, top1);
  }
});

async function save(step: number, top1: number, under = prefix): Promise<void> {
  const snapshot = await mkdtemp(path.join(folder, 'snapshot-'));
  await writeSnapshot(snapshot, weights, smallState(step, { top1, best: { top1: 0.9, step: 10 } }));
  await commitCheckpoint(storage, under, snapshot, { attempt: 1 });
}

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function checkpoints(...words: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'checkpoints', ...words], (_, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe('ringmaster checkpoints', () => {
  it('lists what a tree of runs holds', async () => {
    await save(5, 0.5, 'vision/other/uid-2');
    await storage.delete(`${prefix}/step-000000000020/manifest.json`);
    const { stdout, exitCode } = await checkpoints('list', uri, ...store);
    expect(exitCode).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^RUN +STEP +EPOCH +TOP1 +ATTEMPT +SIZE +AGE +STATE +URI$/);
    expect(
      lines.slice(1).map((line) =>
        line
          .split(/ {3,}/)
          .slice(0, 4)
          .concat(/complete|never finished/.exec(line) ?? []),
      ),
    ).toEqual([
      ['vision/other', '5', '0.50', '50.00 %', 'complete'],
      ['vision/resnet', '30', '3', '70.00 %', 'complete'],
      [expect.any(String), '20', expect.any(String), expect.any(String), 'never finished'],
      ['vision/resnet', '10', '1', '90.00 %', 'complete'],
    ]);
    expect((await checkpoints('list', `${uri}/none`, ...store)).stdout).toBe('no checkpoints\n');
  });

  it('finds a damaged one by reading it', async () => {
    expect((await checkpoints('verify', uri, ...store)).exitCode).toBe(0);
    await storage.put(`${prefix}/step-000000000020/model.safetensors`, { bytes: Buffer.from('damaged') });
    const { exitCode, stdout } = await checkpoints('verify', uri, ...store, '-o', 'json');
    expect(exitCode).toBe(1);
    const found = JSON.parse(stdout) as { step: number; problem?: string }[];
    expect(found.map(({ step, problem }) => [step, problem === undefined])).toEqual([
      [30, true],
      [20, false],
      [10, true],
    ]);
    expect(found[1]?.problem).toContain('model.safetensors has 7 bytes');
  });

  it('shows the newest of a run, or one step', async () => {
    const newest = await checkpoints('show', uri, ...store);
    expect(newest.stdout).toMatch(/^step +30$/m);
    expect(newest.stdout).toMatch(/^best +90\.00 % at step 10$/m);
    expect(newest.stdout).toMatch(
      /^with +TensorFlow 2\.21\.0, Node 24\.21\.0, 2 threads a rank, A processor$/m,
    );
    expect(newest.stdout).toMatch(/^model +ResNet-8-D, 10 classes, 28 x 28 pixels$/m);
    const step = `${uri}/${prefix}/step-000000000010`;
    expect((await checkpoints('show', step, ...store)).stdout).toMatch(/^step +10$/m);
  });

  it('prunes a run to the newest and the best', async () => {
    const { stdout } = await checkpoints('prune', uri, ...store, '--keep-last', '1', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({
      kept: [`${uri}/${prefix}/step-000000000030`, `${uri}/${prefix}/step-000000000010`],
      removed: [`${uri}/${prefix}/step-000000000020`],
    });
    await checkpoints('prune', `${uri}/${prefix}`, ...store, '--keep-last', '1', '--no-best');
    const left = await storage.list('');
    expect(new Set(left.map(({ key }) => path.posix.dirname(key)))).toEqual(
      new Set([`${prefix}/step-000000000030`]),
    );
  });

  it('prunes neither several runs at once nor a copy', async () => {
    await save(5, 0.5, 'vision/other/uid-2');
    const both = await checkpoints('prune', uri, ...store, '--keep-last', '1');
    expect(both.exitCode).toBe(1);
    expect(both.stderr).toContain('there are checkpoints of 2 runs');
    const target = path.join(folder, 'copied');
    await checkpoints('download', `${uri}/${prefix}/step-000000000010`, target, ...store);
    const copy = await checkpoints('prune', target, '--keep-last', '1');
    expect(copy.stderr).toContain('is a copy of what vision/resnet/uid-1 wrote');
    expect(await readdir(target)).toEqual(['step-000000000010']);
  });

  it('downloads a checkpoint from which training can continue', async () => {
    const target = path.join(folder, 'downloaded');
    const { stdout } = await checkpoints('download', uri, target, ...store);
    const step = path.join(target, 'step-000000000030');
    expect(stdout).toBe(`${step}\n`);
    expect((await checkpoints('verify', step)).exitCode).toBe(0);
    const damaged = path.join(folder, 'damaged', 'step-000000000030');
    await cp(step, damaged, { recursive: true });
    await writeFile(path.join(damaged, 'state.json'), '{}');
    expect((await checkpoints('download', damaged, path.join(folder, 'again'))).stderr).toContain(
      'state.json',
    );
    expect(await readdir(folder)).toContain('again');
    expect(await readdir(path.join(folder, 'again'))).toEqual([]);
  });

  it('exports weights under the names of the state dict', async () => {
    const file = path.join(folder, 'export', 'model.safetensors');
    const { exitCode, stderr } = await checkpoints('export', uri, file, ...store);
    expect(exitCode, stderr).toBe(0);
    const { tensors, metadata } = decodeSafetensors(await readFile(file), file);
    expect(metadata).toMatchObject({ format: 'pt', step: '30', top1: '0.7', classes: '10' });
    const names = new Set(tensors.map(({ name }) => name));
    const counts = weights.filter(({ name }) => name.endsWith('running_var')).length;
    expect(names.size).toBe(weights.length + counts);
    expect(names.has('bn1.num_batches_tracked')).toBe(true);
    const saved = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    for (const { name, shape, data } of weights) {
      expect(saved.get(name)?.shape, name).toEqual(shape);
      expect(Buffer.from(saved.get(name)?.data ?? []).equals(data), name).toBe(true);
    }
  });

  it('exports a backbone, which is everything but the classifier', async () => {
    const file = path.join(folder, 'export', 'backbone.safetensors');
    expect((await checkpoints('export', uri, file, '--backbone', ...store)).exitCode).toBe(0);
    const { tensors, metadata } = decodeSafetensors(await readFile(file), file);
    const names = tensors.map(({ name }) => name).filter((name) => !name.endsWith('num_batches_tracked'));
    expect(names).toEqual(weights.map(({ name }) => name).filter((name) => !name.startsWith('fc.')));
    expect(metadata).not.toHaveProperty('classes');
  });

  it('says what is wrong in one line, and shows no key', async () => {
    const { exitCode, stderr } = await checkpoints('list', 's3://no-such-bucket', ...store);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('the bucket does not exist; make it');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect((await checkpoints('prune', uri)).exitCode).toBe(64);
    expect((await checkpoints('prune', uri, '--keep-last', '0')).exitCode).toBe(64);
  });
});
