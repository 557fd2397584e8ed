import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { describeCheckpoints } from '../s3/checkpoint-contract.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';

let server: S3Server;
let folder: string;
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoint-storages-'));
  server = await startS3Server();
  await server.createBucket('checkpoints');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describeCheckpoints('in a folder', () =>
  Promise.resolve(openStorage(path.join(folder, String((opened += 1))))),
);
describeCheckpoints('in a bucket', () => {
  const { endpoint, credentialsFolder } = server;
  return Promise.resolve(openStorage(`s3://checkpoints/${(opened += 1)}`, { endpoint, credentialsFolder }));
});
