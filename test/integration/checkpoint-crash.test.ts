import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyRetention } from '../../trainer-image/checkpoint/apply-retention.ts';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { findNewestCheckpoint } from '../../trainer-image/checkpoint/find-newest-checkpoint.ts';
import { readCheckpoint } from '../../trainer-image/checkpoint/read-checkpoint.ts';
import { writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import type { StorageAccess } from '../../trainer-image/storage/storage-access.ts';
import { float32Tensor } from '../../trainer-image/tensorflow/host-tensor.ts';
import { until } from '../control-plane/until.ts';
import { smallState, smallTensors } from '../fixtures/small-snapshot.ts';
import { startFaultProxy } from '../s3/fault-proxy.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';
import type { WriterOrders } from './checkpoint-writer.ts';

const program = fileURLToPath(new URL('checkpoint-writer.ts', import.meta.url));
const prefix = 'vision/resnet/uid-1';
let server: S3Server;
let folder: string;
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoint-crash-'));
  server = await startS3Server();
  await server.createBucket('crashes');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the writer; gives the signal or code with which it ended. */
async function runWriter(orders: WriterOrders): Promise<NodeJS.Signals | number> {
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code ?? -1;
}

async function snapshot(step: number, attempt: number): Promise<string> {
  const target = await mkdtemp(path.join(folder, 'snapshot-'));
  await writeSnapshot(target, smallTensors(step), smallState(step, { attempt }));
  return target;
}

const places: [string, () => { uri: string; access: StorageAccess }][] = [
  ['a folder', () => ({ uri: path.join(folder, `store-${(opened += 1)}`), access: {} })],
  [
    'a bucket',
    () => {
      const { endpoint, credentialsFolder } = server;
      return { uri: `s3://crashes/store-${(opened += 1)}`, access: { endpoint, credentialsFolder } };
    },
  ],
];

describe.each(places)('a writer to %s', (_, place) => {
  it('that is killed before any of its writes leaves a whole checkpoint, and the next attempt goes on as if nothing had been', async () => {
    let kills = 0;
    for (;;) {
      const { uri, access } = place();
      const storage = openStorage(uri, access);
      await commitCheckpoint(storage, prefix, await snapshot(10, 1), { attempt: 1 });
      const orders = { uri, access, prefix, folder: await snapshot(20, 1), attempt: 1, killBefore: kills };
      const end = await runWriter(orders);

      const { newest } = await findNewestCheckpoint(storage, prefix);
      const step = newest?.manifest.step ?? -1;
      expect([10, 20], `after ${kills} changes`).toContain(step);
      const { tensors, state } = await readCheckpoint(storage, newest?.folder ?? '');
      expect(state.step).toBe(step);
      expect(tensors.map(({ data }) => [...data])).toEqual(smallTensors(step).map(({ data }) => [...data]));

      // The next attempt reaches the same step, and nothing of the interrupted one is left.
      await commitCheckpoint(storage, prefix, await snapshot(20, 2), { attempt: 2 });
      await applyRetention(storage, prefix, { last: 1, best: false }, { attempt: 2 });
      expect((await storage.list('')).map(({ key }) => key)).toEqual(
        ['manifest.json', 'model.safetensors', 'optimizer.safetensors', 'state.json'].map(
          (name) => `${prefix}/step-000000000020/${name}`,
        ),
      );
      if (end === 0) break;
      expect(end).toBe('SIGKILL');
      kills += 1;
    }
    // Seven changes of a commit; a mark, five deletions and the end of partial writes of a retention.
    expect(kills).toBe(14);
  });
});

describe('a writer that is killed in the middle of an upload in parts', () => {
  it('leaves the checkpoint before it, and parts that the next attempt removes', async () => {
    const proxy = await startFaultProxy(server.port);
    try {
      const uri = `s3://crashes/store-${(opened += 1)}`;
      const { credentialsFolder } = server;
      const storage = openStorage(uri, { endpoint: server.endpoint, credentialsFolder });
      await commitCheckpoint(storage, prefix, await snapshot(10, 1), { attempt: 1 });
      const large = await mkdtemp(path.join(folder, 'snapshot-'));
      const weights = float32Tensor('fc.weight', [3 * 2 ** 20], new Float32Array(3 * 2 ** 20));
      await writeSnapshot(large, [weights], smallState(20));

      proxy.plan(({ url }) => (url.includes('partNumber=2') ? { kind: 'stalled' } : undefined));
      const access = { endpoint: proxy.endpoint, credentialsFolder, tuning: { partSizeBytes: 5 * 2 ** 20 } };
      const orders: WriterOrders = { uri, access, prefix, folder: large, attempt: 1 };
      const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: 'ignore' });
      const exited = once(child, 'exit');
      await until('the second part', () =>
        proxy.requests.some(({ fault }) => fault === 'stalled') ? true : undefined,
      );
      child.kill('SIGKILL');
      await exited;

      expect((await findNewestCheckpoint(storage, prefix)).newest?.manifest.step).toBe(10);
      const uploads = async () =>
        (await server.client.send(new ListMultipartUploadsCommand({ Bucket: 'crashes' }))).Uploads ?? [];
      expect(await uploads()).toHaveLength(1);
      await applyRetention(storage, prefix, { last: 3, best: true }, { attempt: 2 });
      expect(await uploads()).toEqual([]);
    } finally {
      await proxy.close();
    }
  });
});
