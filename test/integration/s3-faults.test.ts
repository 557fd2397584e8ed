import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeError } from '../../operator/base/errors.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import type { StorageAccess } from '../../trainer-image/storage/storage-access.ts';
import { StorageError } from '../../trainer-image/storage/storage-error.ts';
import type { Storage } from '../../trainer-image/storage/storage.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../s3/fault-proxy.ts';
import { hasOpenssl, makePrivateCertificate, type PrivateCertificate } from '../s3/private-authority.ts';
import { startS3Server, testKeys, writeKeys, type S3Server } from '../s3/server.ts';

const partSizeBytes = 5 * 2 ** 20;
const large = Buffer.alloc(2 * partSizeBytes + 11, 'ringmaster');
let server: S3Server;
let proxy: FaultProxy;
let folder: string;
let access: StorageAccess;
let storage: Storage;
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-s3-faults-'));
  server = await startS3Server();
  await server.createBucket('faults');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  proxy = await startFaultProxy(server.port);
  access = {
    endpoint: proxy.endpoint,
    credentialsFolder: server.credentialsFolder,
    tuning: { partSizeBytes, attempts: 4 },
  };
  storage = openStorage(`s3://faults/run-${(opened += 1)}`, access);
});
afterEach(async () => {
  await proxy.close();
});

/** The storage of this test, which gives a silent request up after so long: for stores that stall. */
const givingUpAfter = (idleTimeoutMs: number) =>
  openStorage(storage.uri, { ...access, tuning: { ...access.tuning, idleTimeoutMs } });
/** Shorter than a busy machine may take for an answer, so only where no answer is to be had. */
const hardlyWaiting = () => givingUpAfter(300);
const patientEnough = ({ kind }: Fault) => (kind.startsWith('stalled') ? givingUpAfter(1500) : storage);

const bytes = (content: string) => ({ bytes: Buffer.from(content) });
const failure = async (act: Promise<unknown>): Promise<StorageError> => {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StorageError)) throw new Error('a StorageError was expected', { cause: error });
  return error;
};
const is = (wanted: string) => (request: { method: string; url: string }) =>
  `${request.method} ${request.url}`.includes(wanted);

describe('a store that fails for a moment', () => {
  it.each<Fault>([
    { kind: 'slow-down' },
    { kind: 'reset' },
    { kind: 'lost-answer' },
    { kind: 'truncated-upload' },
    { kind: 'stalled' },
    { kind: 'slow', delayMs: 300 },
  ])('by $kind gets small objects all the same', async (fault) => {
    proxy.failNext(fault, 2);
    expect(await patientEnough(fault).put('key', bytes('small'))).toBe('written');
    expect((await storage.get('key')).toString()).toBe('small');
    expect(proxy.requests.map((request) => request.fault)).toContain(fault.kind);
  });

  it.each<Fault>([
    { kind: 'slow-down' },
    { kind: 'reset' },
    { kind: 'lost-answer' },
    { kind: 'truncated-upload' },
    { kind: 'stalled' },
  ])('by $kind gets objects of many parts all the same', async (fault) => {
    const source = path.join(folder, 'large');
    await writeFile(source, large);
    proxy.failNext(fault, 2, is('partNumber='));
    await patientEnough(fault).put('large', { file: source });
    expect(proxy.requests.filter((request) => request.fault === fault.kind)).toHaveLength(2);
    expect((await storage.get('large')).equals(large)).toBe(true);
  });

  it('is asked again only after as long as it wishes', async () => {
    proxy.failNext({ kind: 'slow-down', retryAfterSeconds: 2 });
    await storage.put('key', bytes('small'));
    const [first, second] = proxy.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(900);
  });

  it.each<Fault>([{ kind: 'truncated-body' }, { kind: 'stalled-body' }, { kind: 'reset' }])(
    'by $kind is read from where the body ended',
    async (fault) => {
      await storage.put('large', { bytes: large });
      proxy.failNext(fault, 2, is('GET'));
      const target = path.join(folder, 'copy');
      await patientEnough(fault).download('large', target);
      expect((await readFile(target)).equals(large)).toBe(true);
      if (fault.kind === 'reset') return;
      const ranges = proxy.requests.flatMap(({ method, headers }) =>
        method === 'GET' && headers.range !== undefined ? [headers.range] : [],
      );
      expect(ranges).toHaveLength(2);
      // What was still on its way when the connection was cut is asked for again.
      const [from = 0] = ranges.map((range) => Number(/^bytes=([0-9]+)-$/.exec(range)?.[1]));
      expect(from).toBeGreaterThan(0);
      expect(from).toBeLessThanOrEqual(large.length / 2);
    },
  );

  it('does not mix the object that was begun with one that replaced it', async () => {
    await storage.put('large', { bytes: large });
    proxy.failNext({ kind: 'truncated-body' }, 1, is('GET'));
    const other = Buffer.alloc(large.length, 'another');
    const reading = (async () => {
      const pieces: Uint8Array[] = [];
      for await (const piece of storage.read('large')) {
        if (pieces.length === 0) await storage.put('large', { bytes: other });
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    })();
    await expect(reading).rejects.toThrow('was replaced while it was read');
  });
});

describe('a condition whose answer is lost', () => {
  it('is not taken for the success of another', async () => {
    proxy.failNext({ kind: 'lost-answer' }, 1, is('PUT'));
    expect(await storage.put('manifest', bytes('mine'), { ifAbsent: true })).toBe('written');
    expect(proxy.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2);
  });

  it('is still refused if another came first', async () => {
    proxy.plan(({ method }, index) => (method === 'PUT' && index === 1 ? { kind: 'reset' } : undefined));
    const other = openStorage(storage.uri, { ...access, endpoint: server.endpoint });
    const mine = storage.put('manifest', bytes('mine'), { ifAbsent: true });
    await other.put('manifest', bytes('theirs'), { ifAbsent: true });
    const [outcome, stored] = [await mine, (await storage.get('manifest')).toString()];
    expect(outcome === 'written' ? 'mine' : 'theirs').toBe(stored);
  });

  it('is left out for a store that knows none', async () => {
    proxy.plan(() => ({ kind: 'no-conditions' }));
    expect(await storage.put('manifest', bytes('one'), { ifAbsent: true })).toBe('written');
    expect(await storage.put('manifest', bytes('two'), { ifAbsent: true })).toBe('exists');
    expect((await storage.get('manifest')).toString()).toBe('one');
  });
});

describe('a store that goes on failing', () => {
  it.each<[Fault, string, string]>([
    [{ kind: 'slow-down' }, 'Unreachable', 'SlowDown (HTTP 503)'],
    [{ kind: 'stalled' }, 'Unreachable', 'checkpoints.endpoint'],
    [{ kind: 'reset' }, 'Unreachable', 'network policy'],
    [{ kind: 'expired-token' }, 'ExpiredToken', 'renew those in the Secret of checkpoints.credentials'],
    [{ kind: 'clock-skew' }, 'ClockSkew', 'the clock of this machine'],
    [{ kind: 'denied' }, 'Denied', 'permission was refused'],
  ])('is reported with what to do: %j', async (fault, kind, cure) => {
    proxy.plan(() => fault);
    const asked = fault.kind === 'stalled' ? hardlyWaiting() : storage;
    const error = await failure(asked.put('key', bytes('small')));
    expect(error).toMatchObject({ fault: kind, reason: 'CheckpointFailed' });
    expect(describeError(error)).toContain(cure);
    expect(error.message).toContain(`cannot write ${storage.uri}/key`);
  });

  it('leaves no parts of an upload that it refused', async () => {
    proxy.plan((request) => (is('partNumber=2')(request) ? { kind: 'denied' } : undefined));
    await failure(storage.put('large', { bytes: large }));
    const { Uploads: left = [] } = await server.client.send(
      new ListMultipartUploadsCommand({ Bucket: 'faults' }),
    );
    expect(left).toEqual([]);
    expect(await storage.exists('large')).toBe(false);
  });

  it('has no body that is taken for whole when half of it is missing', async () => {
    await storage.put('large', { bytes: large });
    // More often than a request is tried: what counts is that each try brings something.
    proxy.failNext({ kind: 'truncated-body' }, 9, is('GET'));
    expect((await storage.get('large')).equals(large)).toBe(true);
    proxy.plan((request) => (request.method === 'GET' ? { kind: 'stalled' } : undefined));
    expect((await failure(hardlyWaiting().get('large'))).fault).toBe('Unreachable');
  });
});

describe.skipIf(!hasOpenssl)('a store behind a private authority', () => {
  let front: FaultProxy;
  let certificate: PrivateCertificate;
  beforeAll(async () => {
    certificate = await makePrivateCertificate(folder);
    front = await startFaultProxy(server.port, certificate);
  });
  afterAll(() => front.close());

  const openWith = async (caOrNone?: string) => {
    const credentialsFolder = await mkdtemp(path.join(folder, 'secret-'));
    await writeKeys(credentialsFolder, testKeys);
    if (caOrNone !== undefined) await writeFile(path.join(credentialsFolder, 'ca.crt'), caOrNone);
    return openStorage(storage.uri, { ...access, endpoint: front.endpoint, credentialsFolder });
  };

  it('is trusted with its certificate as ca.crt beside the keys, also for objects of many parts', async () => {
    const trusting = await openWith(certificate.cert);
    await trusting.put('small', bytes('small'));
    await trusting.put('large', { bytes: large });
    expect((await trusting.get('large')).equals(large)).toBe(true);
    expect((await storage.get('small')).toString()).toBe('small');
  });

  it('is not without, and the error says what to do', async () => {
    const seen = front.requests.length;
    const error = await failure((await openWith()).put('key', bytes('x')));
    expect(error).toMatchObject({ fault: 'Untrusted', reason: 'CheckpointFailed' });
    expect(error.message).toContain('as ca.crt into the Secret of checkpoints.credentials');
    expect(describeError(error)).toContain('self-signed certificate');
    expect(front.requests).toHaveLength(seen);
  });
});

describe('what is not there', () => {
  it('is a bucket', async () => {
    const nowhere = openStorage('s3://no-such-bucket/runs', access);
    for (const act of [() => nowhere.list(''), () => nowhere.put('key', bytes('x'))]) {
      const error = await failure(act());
      expect(error.message).toContain('the bucket does not exist; make it');
    }
  });

  it('is a server', async () => {
    const nowhere = openStorage('s3://faults/runs', {
      ...access,
      endpoint: 'http://127.0.0.1:1',
      tuning: { attempts: 2 },
    });
    expect(await failure(nowhere.list(''))).toMatchObject({ fault: 'Unreachable' });
  });

  it('is a key in the Secret', async () => {
    const empty = path.join(folder, 'empty');
    await mkdir(empty);
    const error = await failure(
      openStorage('s3://faults/runs', { ...access, credentialsFolder: empty }).list(''),
    );
    expect(error).toMatchObject({ fault: 'Denied' });
    expect(error.message).toContain('AWS_ACCESS_KEY_ID');
  });
});

describe('uploads that a killed writer left', () => {
  it('are ended below a prefix, and nowhere else', async () => {
    const [mine, others] = [`run-${opened}/a/large`, `run-${opened}0/large`];
    for (const key of [mine, others]) {
      await server.client.send(new CreateMultipartUploadCommand({ Bucket: 'faults', Key: key }));
    }
    await storage.deletePartials('a');
    const { Uploads: left = [] } = await server.client.send(
      new ListMultipartUploadsCommand({ Bucket: 'faults' }),
    );
    expect(left.map(({ Key: key }) => key)).toEqual([others]);
  });
});

describe('credentials', () => {
  const wrong = { accessKeyId: testKeys.accessKeyId, secretAccessKey: 'another7Canary7That7Opens7Nothing' };

  it('are read again when a mounted Secret changes', async () => {
    // As the kubelet does it: files are links through ..data, which is renamed over.
    const mount = path.join(folder, 'mount');
    const publish = async (version: string, keys: typeof wrong) => {
      await writeKeys(path.join(mount, version), keys);
      await symlink(version, path.join(mount, '..data_tmp'));
      await rename(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
    };
    await publish('..1', wrong);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      await symlink(path.join('..data', name), path.join(mount, name));
    }
    const rotating = openStorage(storage.uri, { ...access, credentialsFolder: mount });
    expect(await failure(rotating.list(''))).toMatchObject({ fault: 'Denied' });
    await publish('..2', testKeys);
    expect(await rotating.list('')).toEqual([]);
  });

  it('are asked of the cluster, by workload identity, where no Secret is named', async () => {
    // As the agents of EKS Pod Identity do it: an address and a file with a token in the pod's environment.
    const tokens: (string | undefined)[] = [];
    const agent = createServer((request, response) => {
      tokens.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          ...{ AccessKeyId: testKeys.accessKeyId, SecretAccessKey: testKeys.secretAccessKey, Token: '' },
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      );
    }).listen(0, '127.0.0.1');
    await once(agent, 'listening');
    const { port } = agent.address() as AddressInfo;
    const tokenFile = path.join(folder, 'pod-identity-token');
    await writeFile(tokenFile, 'token of the pod');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${port}/v1/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', tokenFile);
    try {
      const identified = openStorage(storage.uri, { endpoint: proxy.endpoint });
      await identified.put('key', bytes('saved'));
      expect(await identified.list('')).toMatchObject([{ key: 'key', sizeBytes: 5 }]);
      expect(new Set(tokens)).toEqual(new Set(['token of the pod']));
    } finally {
      vi.unstubAllEnvs();
      agent.close();
    }
  });

  it('show in no error, whatever is printed of it', async () => {
    const folderOfWrong = path.join(folder, 'wrong');
    await writeKeys(folderOfWrong, wrong);
    const refused = openStorage(storage.uri, { ...access, credentialsFolder: folderOfWrong });
    const errors = [await failure(refused.put('key', bytes('x'))), await failure(refused.get('key'))];
    for (const fault of ['expired-token', 'denied', 'reset'] as const) {
      proxy.plan(() => ({ kind: fault }));
      errors.push(await failure(storage.list('')));
    }
    const printed = errors.map(
      (error) => `${describeError(error)}${inspect(error, { depth: 20, showHidden: true })}`,
    );
    for (const text of printed) {
      for (const secret of [wrong.secretAccessKey, testKeys.secretAccessKey, testKeys.accessKeyId]) {
        expect(text).not.toContain(secret);
      }
      expect(text).not.toContain('Signature=');
    }
  });
});
