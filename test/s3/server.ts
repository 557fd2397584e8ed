import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { startChild } from '../control-plane/child.ts';
import { freePorts } from '../control-plane/free-ports.ts';
import { seaweedfsProgram } from '../control-plane/programs.ts';
import { until } from '../control-plane/until.ts';

/** Keys of the only user of a test's server. */
export const testKeys = {
  accessKeyId: 'AKRINGMASTERTEST0001',
  secretAccessKey: 'canary4Secret8Key15Of16The23Tests42',
} as const;

/** A real S3 server on loopback, with its data in a folder of its own. */
export interface S3Server {
  readonly endpoint: string;
  /** Port of the endpoint. */
  readonly port: number;
  /** Folder with {@link testKeys}, as a mounted Secret has them. */
  readonly credentialsFolder: string;
  /** A client to look at the server's contents with, past the code under test. */
  readonly client: S3Client;
  createBucket(name: string): Promise<void>;
  /** Why it no longer runs, with the end of its log; undefined while it does. */
  ended(): Promise<string | undefined>;
  /** Stops answering until `resume`, as a machine that hangs. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its data. */
  close(): Promise<void>;
}

/** Starts SeaweedFS; it does not outlive this process. */
export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-s3-'));
  const dataFolder = path.join(folder, 'data');
  const credentialsFolder = path.join(folder, 'credentials');
  const configFile = path.join(folder, 'users.json');
  await mkdir(dataFolder);
  await writeKeys(credentialsFolder, testKeys);
  await writeFile(configFile, usersOf(testKeys));
  const names = ['master', 'volume', 'filer', 's3'];
  const ports = await freePorts(2 * names.length);
  const [port = 0, ...rest] = ports;
  const portFlags = names
    .slice(0, -1)
    .flatMap((name, index) => [
      `-${name}.port=${rest[2 * index] ?? 0}`,
      `-${name}.port.grpc=${rest[2 * index + 1] ?? 0}`,
    ]);
  const child = await startChild(
    'weed',
    await seaweedfsProgram(),
    [
      `-logdir=${folder}`,
      'server',
      `-dir=${dataFolder}`,
      ...['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-master.telemetry=false'],
      // Small files of a few volumes: the default would set gigabytes aside.
      ...['-volume.max=200', '-master.volumeSizeLimitMB=64'],
      ...portFlags,
      ...['-s3', `-s3.port=${port}`, `-s3.port.grpc=${rest[6] ?? 0}`],
      // Two more services that would each take a fixed port, so that only one server could run on a machine.
      ...['-s3.port.iceberg=0', '-s3.port.lance=0'],
      `-s3.config=${configFile}`,
      '-s3.autoCreateBucket=false',
    ],
    path.join(folder, 'log'),
  );
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: testKeys,
    maxAttempts: 1,
  });
  const close = async () => {
    client.destroy();
    await child.kill();
    await rm(folder, { recursive: true, force: true });
    await removeSockets(ports);
  };
  try {
    await until(
      'an answer of the S3 server',
      async () => {
        const ended = await child.ended();
        if (ended !== undefined) throw new Error(ended);
        return client.send(new ListBucketsCommand({})).catch(() => undefined);
      },
      { timeoutMs: 60_000 },
    );
    return {
      endpoint,
      port,
      credentialsFolder,
      client,
      // The first bucket needs a volume server that has joined, which comes a moment after the first answer.
      createBucket: async (name) => {
        await until(`the bucket ${name}`, () =>
          client.send(new CreateBucketCommand({ Bucket: name })).catch(() => undefined),
        );
      },
      ended: () => child.ended(),
      pause: () => {
        child.signal('SIGSTOP');
      },
      resume: () => {
        child.signal('SIGCONT');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Writes keys as files, as the kubelet mounts a Secret. */
export async function writeKeys(
  folder: string,
  keys: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'AWS_ACCESS_KEY_ID'), keys.accessKeyId);
  await writeFile(path.join(folder, 'AWS_SECRET_ACCESS_KEY'), `${keys.secretAccessKey}\n`);
}

/** SeaweedFS listens on a socket in /tmp for each of its ports too, at names that cannot be chosen, and leaves it there. */
async function removeSockets(ports: readonly number[]): Promise<void> {
  for (const name of await readdir('/tmp')) {
    const port = /^seaweedfs-.*-(?<port>\d+)\.sock$/.exec(name)?.groups?.port;
    if (ports.includes(Number(port))) await rm(path.join('/tmp', name), { force: true });
  }
}

function usersOf({ accessKeyId: accessKey, secretAccessKey: secretKey }: typeof testKeys): string {
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
  return JSON.stringify({
    identities: [{ name: 'tests', credentials: [{ accessKey, secretKey }], actions }],
  });
}
