import { afterEach, describe, expect, it } from 'vitest';
import type { Pod } from '../../operator/api/wire.ts';
import { aborted } from '../../operator/base/abort.ts';
import { systemClock } from '../../operator/base/clock.ts';
import { resourceTypes, type WatchEvent } from '../../operator/cluster/cluster.ts';
import { whileLeader } from '../../operator/cluster/http/lease-election.ts';
import { leases } from '../../operator/cluster/http/lease.ts';
import type { HttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';

const { pods } = resourceTypes;
const namespace = 'default';

let controlPlane: ControlPlane | undefined;
let cluster: HttpCluster | undefined;
let stop = new AbortController();

afterEach(async () => {
  stop.abort();
  await cluster?.close();
  await controlPlane?.close();
  [controlPlane, cluster, stop] = [undefined, undefined, new AbortController()];
});

async function start(options: ControlPlaneOptions = {}): Promise<[ControlPlane, HttpCluster]> {
  controlPlane = await startControlPlane({ components: [], ...options });
  cluster = await openRealCluster(controlPlane);
  return [controlPlane, cluster];
}

function newPod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: { containers: [{ name: 'main', image: 'registry.invalid/nothing:1' }] },
  };
}

/** Follows the pods, noting what is told. */
function follow(from: HttpCluster): { told: string[]; ended: Promise<void> } {
  const told: string[] = [];
  const summary = (event: WatchEvent<Pod>) =>
    event.type === 'synced' ? 'synced' : `${event.type} ${event.object.metadata.name}`;
  const ended = (async () => {
    for await (const event of from.watch(pods, { namespace }, stop.signal)) told.push(summary(event));
  })();
  return { told, ended };
}

const toldOf = (told: string[], what: string) => until(what, () => told.includes(what) || undefined);

describe('a watch of a real API server', () => {
  it('goes on after the server was killed and came back, and tells everything once', async () => {
    const [server, api] = await start();
    await api.create(pods, newPod('before'));
    const { told, ended } = follow(api);
    await toldOf(told, 'synced');
    await server.apiServer.kill();
    await server.apiServer.start();
    const backAt = systemClock.now();
    const other = await openRealCluster(server);
    await other.create(pods, newPod('after'));
    await other.close();
    await toldOf(told, 'added after');
    expect(systemClock.now() - backAt).toBeLessThan(10_000);
    await api.delete(pods, { namespace, name: 'before' }, { gracePeriodSeconds: 0 });
    await toldOf(told, 'deleted before');
    // A real server marks a pod before it removes it, even where there is nothing to wait for.
    expect(told).toEqual(['added before', 'synced', 'added after', 'modified before', 'deleted before']);
    stop.abort();
    await ended;
  });

  it('lists first on a server that cannot stream what there is', async () => {
    const [server, api] = await start({ apiServerFlags: ['--feature-gates=WatchList=false'] });
    for (const name of ['a', 'b']) await api.create(pods, newPod(name));
    const { told } = follow(api);
    await toldOf(told, 'synced');
    await api.create(pods, newPod('c'));
    await toldOf(told, 'added c');
    expect(told).toEqual(['added a', 'added b', 'synced', 'added c']);
    const unsupported = await server.fetch(
      'GET',
      '/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    );
    expect(unsupported.code).toBe(422);
  });
});

describe('a list of a real API server', () => {
  it('comes whole from many pages', async () => {
    const [, api] = await start();
    const names = Array.from({ length: 1100 }, (_, index) => `pod-${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => api.create(pods, newPod(name))));
    const listed = await api.list(pods, { namespace });
    expect(listed.map(({ metadata }) => metadata.name).sort()).toEqual(names);
  });
});

describe('an election at a real API server', () => {
  it('is handed over within 2 s of a graceful stop', async () => {
    const [, api] = await start();
    const elected: string[] = [];
    const candidate = (identity: string, signal: AbortSignal) =>
      whileLeader(
        {
          cluster: api,
          lease: { namespace, name: 'operator' },
          identity,
          clock: systemClock,
          random: Math.random,
        },
        signal,
        async (term) => {
          elected.push(identity);
          await aborted(term.signal);
        },
      );
    const first = new AbortController();
    const firstEnd = candidate('first', first.signal);
    await until('the first is elected', () => elected.includes('first') || undefined);
    const secondEnd = candidate('second', stop.signal);
    await until('the second has looked', async () => ((await api.get(leases, leaseKey)) ? true : undefined));
    const stoppedAt = systemClock.now();
    first.abort();
    expect(await firstEnd).toBe('stopped');
    await until('the second is elected', () => elected.includes('second') || undefined);
    expect(systemClock.now() - stoppedAt).toBeLessThan(2000);
    expect((await api.get(leases, leaseKey))?.spec).toMatchObject({
      holderIdentity: 'second',
      leaseTransitions: 1,
    });
    stop.abort();
    expect(await secondEnd).toBe('stopped');
    expect((await api.get(leases, leaseKey))?.spec.holderIdentity).toBe('');
  });
});

const leaseKey = { namespace, name: 'operator' };
