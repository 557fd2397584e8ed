import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../../api/wire.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { ClusterError } from '../cluster-error.ts';
import { resourceTypes } from '../cluster.ts';
import { leases } from './lease.ts';
import { openHttpCluster, type HttpCluster, type HttpClusterOptions } from './open-http-cluster.ts';
import { json, refusal, reset, startScriptedServer, type ScriptedServer } from './testing/scripted-server.ts';

const { pods, trainingRuns } = resourceTypes;
const key = { namespace: 'team', name: 'one' };
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...key, uid: 'uid-1', resourceVersion: '7' },
  spec: { containers: [{ name: 'main', image: 'image' }] },
};

let server: ScriptedServer;
let cluster: HttpCluster;
let sleeps: number[];

/** Time that passes at once, noting how long it would have been. */
const hurriedClock: Clock = {
  ...systemClock,
  sleep: (ms) => {
    sleeps.push(ms);
    return Promise.resolve();
  },
};

async function open(options: Partial<HttpClusterOptions> = {}): Promise<void> {
  cluster = await openHttpCluster({
    access: server.kubeConfig(),
    clock: hurriedClock,
    random: () => 0,
    ...options,
  });
}

beforeEach(async () => {
  sleeps = [];
  server = await startScriptedServer();
  await open();
});

afterEach(async () => {
  await cluster.close();
  await server[Symbol.asyncDispose]();
});

const refusalOf = async (call: Promise<unknown>): Promise<ClusterError> => {
  const outcome: unknown = await call.catch((error: unknown) => error);
  if (outcome instanceof ClusterError) return outcome;
  throw new Error(`expected a refusal, got ${JSON.stringify(outcome)}`);
};

describe('a call', () => {
  it('goes to the path of its resource, as who the kubeconfig says', async () => {
    server.answerWith(json(200, pod));
    await cluster.get(pods, key);
    await cluster.get(trainingRuns, key).catch(() => undefined);
    expect(server.requests.map(({ url }) => url.pathname)).toEqual([
      '/api/v1/namespaces/team/pods/one',
      '/apis/ringmaster.dev/v1alpha1/namespaces/team/trainingruns/one',
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'accept-encoding': 'identity',
      'user-agent': 'ringmaster',
    });
  });

  it('uses connections again', async () => {
    server.answerWith(json(200, pod));
    for (let count = 0; count < 20; count += 1) await cluster.get(pods, key);
    expect(new Set(server.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
  });

  it('about a lease does not share its connection with others', async () => {
    server.answerWith(json(200, pod));
    await cluster.get(pods, key);
    await cluster.get(leases, key);
    const [call, lease] = server.requests.map(({ connection }) => connection);
    expect(lease).not.toBe(call);
  });

  it('waits as long as a busy server asks, and is then repeated, whatever it is', async () => {
    server.answerWith(refusal(429, 'TooManyRequests', { 'retry-after': '3' }), json(201, pod));
    await cluster.create(pods, newPod());
    expect(sleeps).toEqual([3000]);
    expect(server.requests).toHaveLength(2);
  });

  it('is given up after five tries', async () => {
    server.answerWith(refusal(429, 'TooManyRequests'));
    expect((await refusalOf(cluster.get(pods, key))).reason).toBe('TooManyRequests');
    expect(server.requests).toHaveLength(5);
    expect(sleeps).toEqual([200, 400, 800, 1600]);
  });

  it('that reads is repeated when the connection breaks', async () => {
    server.answerWith(reset, refusal(503, 'ServiceUnavailable'), json(200, pod));
    expect((await cluster.get(pods, key))?.metadata.uid).toBe('uid-1');
  });

  it('that creates is not repeated when nobody knows whether it was carried out', async () => {
    server.answerWith(reset, json(201, pod));
    const error = await refusalOf(cluster.create(pods, newPod()));
    expect(error.reason).toBe('Unavailable');
    expect(error.message).toContain('did not answer POST /api/v1/namespaces/team/pods');
    expect(server.requests).toHaveLength(1);
  });

  it('of an election is tried once, as the election has a rhythm of its own', async () => {
    server.answerWith(refusal(503, 'ServiceUnavailable'));
    expect((await refusalOf(cluster.get(leases, key))).reason).toBe('Unavailable');
    expect(server.requests).toHaveLength(1);
  });

  it('keeps to the rate limit, but not for leases', async () => {
    await cluster.close();
    await open({ rateLimit: { perSecond: 10, burst: 2 }, clock: { ...hurriedClock, monotonicMs: () => 0 } });
    server.answerWith(json(200, pod));
    for (let count = 0; count < 4; count += 1) await cluster.get(pods, key);
    await cluster.get(leases, key);
    expect(sleeps).toEqual([100, 200]);
  });

  it('fails with a word when the server is not there', async () => {
    await server[Symbol.asyncDispose]();
    const error = await refusalOf(cluster.create(pods, newPod()));
    expect(error.reason).toBe('Unavailable');
    expect(error.message).toContain('ECONNREFUSED');
    server = await startScriptedServer();
  });

  it('fails with a word when a proxy answers in its place', async () => {
    server.answerWith((_, response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad</h1>'),
    );
    expect((await refusalOf(cluster.get(pods, key))).message).toBe('the server answered 502: <h1>Bad</h1>');
  });

  it('is counted under the names of client-go', async () => {
    await cluster.close();
    const registry = new Registry();
    await open({ registry });
    server.answerWith(refusal(429, 'TooManyRequests'), json(200, pod));
    await cluster.get(pods, key);
    const text = await registry.metrics();
    expect(text).toMatch(/rest_client_requests_total\{code="429",method="GET",host="127[^"]*"\} 1/);
    expect(text).toMatch(/rest_client_requests_total\{code="200",method="GET",host="127[^"]*"\} 1/);
    expect(text).toMatch(/rest_client_request_retries_total\{code="429",verb="GET",host="127[^"]*"\} 1/);
    expect(text).toMatch(/rest_client_request_duration_seconds_count\{verb="GET",host="127[^"]*"\} 2/);
    expect(text).toMatch(/rest_client_rate_limiter_duration_seconds_count\{verb="GET",host="127[^"]*"\} 2/);
  });
});

describe('a refused token', () => {
  it('is read again from its file, once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-token-'));
    try {
      const tokenFile = join(folder, 'token');
      await writeFile(tokenFile, 'old\n');
      await cluster.close();
      await open({
        access: server.kubeConfig({ authProvider: { name: 'tokenFile', config: { tokenFile } } }),
      });
      server.answerWith(json(200, pod));
      await cluster.get(pods, key);
      await writeFile(tokenFile, 'new\n');
      server.answerWith(refusal(401, 'Unauthorized'), json(200, pod));
      await cluster.get(pods, key);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        'Bearer old',
        'Bearer old',
        'Bearer new',
      ]);
      server.answerWith(refusal(401, 'Unauthorized'));
      expect((await refusalOf(cluster.get(pods, key))).reason).toBe('Unauthorized');
      expect(server.requests).toHaveLength(5);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a write', () => {
  it('is a merge patch that carries what must still be true', async () => {
    server.answerWith(json(200, pod));
    const patch = { metadata: { labels: { a: 'b' } } };
    await cluster.patch(pods, key, patch, { uid: 'uid-1', resourceVersion: '7' });
    const [request] = server.requests;
    expect(request?.headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      metadata: { labels: { a: 'b' }, uid: 'uid-1', resourceVersion: '7' },
    });
    expect(request?.url.search).toBe('?fieldManager=ringmaster');
  });

  it('of a status goes to the subresource', async () => {
    server.answerWith(json(200, pod));
    await cluster.patchStatus(pods, key, { status: { phase: 'Running' } });
    expect(server.requests[0]?.url.pathname).toBe('/api/v1/namespaces/team/pods/one/status');
  });

  it('of our own resources refuses misspelt fields, of others it does not', async () => {
    server.answerWith(json(200, { metadata: key }));
    await cluster.patch(trainingRuns, key, { spec: {} });
    await cluster.patch(pods, key, {});
    expect(server.requests.map(({ url }) => url.searchParams.get('fieldValidation'))).toEqual([
      'Strict',
      null,
    ]);
  });

  it('that deletes says how, and is content with what is gone', async () => {
    server.answerWith(refusal(404, 'NotFound'));
    await cluster.delete(pods, key, { preconditions: { uid: 'uid-1' }, gracePeriodSeconds: 0 });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: { uid: 'uid-1' },
      gracePeriodSeconds: 0,
    });
  });
});

describe('a list', () => {
  const page = (names: string[], next?: string) =>
    json(200, {
      metadata: { resourceVersion: '9', ...(next === undefined ? {} : { continue: next }) },
      items: names.map((name) => ({ metadata: { name, managedFields: [{}] } })),
    });

  it('is read page by page, its items completed and without their field managers', async () => {
    server.answerWith(page(['a', 'b'], 'more'), page(['c']));
    const items = await cluster.list(pods, { namespace: 'team', labels: { app: 'x', tier: 'y' } });
    expect(items).toEqual(
      ['a', 'b', 'c'].map((name) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } })),
    );
    expect(server.requests.map(({ url }) => Object.fromEntries(url.searchParams))).toEqual([
      { labelSelector: 'app=x,tier=y', limit: '500' },
      { labelSelector: 'app=x,tier=y', limit: '500', continue: 'more' },
    ]);
  });

  it('begins again when its moment was forgotten before the last page', async () => {
    server.answerWith(page(['a'], 'more'), refusal(410, 'Expired'), page(['a', 'b']));
    expect((await cluster.list(pods)).map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  it('is empty where the server says null', async () => {
    server.answerWith(json(200, { metadata: { resourceVersion: '9' }, items: null }));
    expect(await cluster.list(pods)).toEqual([]);
  });
});

describe('a watch over a connection', () => {
  it('is put together from half lines, and ends its request when its reader leaves', async () => {
    const line = JSON.stringify({
      type: 'ADDED',
      object: { metadata: { name: 'é', uid: '1', resourceVersion: '5' } },
    });
    const bytes = Buffer.from(`${line}\n`);
    const half = bytes.indexOf(0xc3) + 1; // Inside the two bytes of é.
    let isClosed = false;
    server.answerWith((_, response) => {
      response.on('close', () => (isClosed = true));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(bytes.subarray(0, half));
      setImmediate(() => response.write(bytes.subarray(half)));
    });
    // Real time, as an idle watch must not be taken for a silent one here.
    await cluster.close();
    await open({
      clock: { ...systemClock, sleep: () => new Promise(() => undefined) },
      rateLimit: { perSecond: 1, burst: 9 },
    });
    for await (const event of cluster.watch(pods, {}, new AbortController().signal)) {
      expect(event).toMatchObject({ type: 'added', object: { metadata: { name: 'é' } } });
      break;
    }
    await expect.poll(() => isClosed).toBe(true);
  });
});

/** A pod as a client creates it. */
function newPod(): Pod {
  return { ...pod, metadata: key };
}
