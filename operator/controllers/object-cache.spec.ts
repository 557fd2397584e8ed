import { describe, expect, it } from 'vitest';
import { aborted } from '../base/abort.ts';
import { createLogger } from '../base/logging.ts';
import type { KubernetesObject, Pod } from '../api/wire.ts';
import { resourceTypes, type ResourceType, type WatchEvent } from '../cluster/cluster.ts';
import { aPod, aRun } from '../plan/testing/fixtures.ts';
import { ObjectCache } from './object-cache.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';

const [first, second] = [0, 1].map((index) => aPod(aRun(), 1, index)) as [Pod, Pod];

/** A cache on watches of which each tells one of the scripts; all but the last then break off. */
function open(scripts: readonly WatchEvent<Pod>[][]) {
  const clock = new ManualClock();
  const lifetime = new AbortController();
  const changes: string[] = [];
  let watches = 0;
  const watch = async function* (_type: unknown, _selection: unknown, signal: AbortSignal) {
    yield* scripts[watches++] ?? [];
    if (watches < scripts.length) throw new Error('connection reset');
    await aborted(signal);
  } as <T extends KubernetesObject>(
    type: ResourceType<T>,
    selection: object,
    signal: AbortSignal,
  ) => AsyncGenerator<WatchEvent<T>>;
  const cache = new ObjectCache<Pod>({
    cluster: { watch },
    type: resourceTypes.pods,
    selection: {},
    indexBy: ({ metadata }) => metadata.labels?.['ringmaster.dev/run-uid'],
    onChange: ({ metadata }) => changes.push(metadata.name),
    clock,
    log: createLogger('silent'),
    signal: lifetime.signal,
  });
  const names = () => cache.indexed('uid-1').map(({ metadata }) => metadata.name);
  return { cache, clock, lifetime, changes, names };
}

describe('the object cache', () => {
  it('holds what a watch tells, by key and by index, and tells of every change', async () => {
    const relabelled = { ...second, metadata: { ...second.metadata, labels: {} } };
    const { cache, changes, names, clock } = open([
      [
        { type: 'added', object: first },
        { type: 'added', object: second },
        { type: 'synced' },
        { type: 'modified', object: relabelled },
      ],
    ]);
    await cache.synced;
    await clock.advance(0);
    expect(names()).toEqual(['digits-1-0']);
    expect(cache.get({ namespace: 'vision', name: 'digits-1-1' })).toBe(relabelled);
    expect(changes).toEqual(['digits-1-0', 'digits-1-1', 'digits-1-1']);
  });

  it('forgets what was deleted', async () => {
    const { cache, names, clock } = open([
      [{ type: 'added', object: first }, { type: 'synced' }, { type: 'deleted', object: first }],
    ]);
    await clock.advance(0);
    expect(names()).toEqual([]);
    expect(cache.get({ namespace: 'vision', name: 'digits-1-0' })).toBeUndefined();
  });

  it('notices what went while its watch was broken', async () => {
    const { names, clock, changes } = open([
      [{ type: 'added', object: first }, { type: 'added', object: second }, { type: 'synced' }],
      [{ type: 'added', object: second }, { type: 'synced' }],
    ]);
    await clock.advance(0);
    expect(names()).toEqual(['digits-1-0', 'digits-1-1']);
    await clock.advance(1000);
    expect(names()).toEqual(['digits-1-1']);
    expect(changes.at(-1)).toBe('digits-1-0');
  });

  it('ends with its lifetime', async () => {
    const { cache, lifetime } = open([[{ type: 'synced' }]]);
    await cache.synced;
    lifetime.abort();
    await cache.closed;
  });
});
