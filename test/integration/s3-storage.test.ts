import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';
import { describeStorage } from '../s3/storage-contract.ts';

let server: S3Server;
let folder: string;
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-storages-'));
  server = await startS3Server();
  await server.createBucket('storage');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describeStorage('a folder as storage', () =>
  Promise.resolve(openStorage(path.join(folder, String((opened += 1))))),
);
describeStorage('a bucket as storage', () =>
  Promise.resolve(
    openStorage(`s3://storage/storages/${(opened += 1)}`, {
      endpoint: server.endpoint,
      credentialsFolder: server.credentialsFolder,
      tuning: { partSizeBytes: 5 * 2 ** 20 },
    }),
  ),
);
