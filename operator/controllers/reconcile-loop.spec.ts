import { describe, expect, it } from 'vitest';
import { createLogger } from '../base/logging.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { noControllerMetrics } from './controller-metrics.ts';
import { reconcileLoop } from './reconcile-loop.ts';
import { WorkQueue } from './work-queue.ts';

/** A loop in which every first reconcile of a key fails as it says, and what comes of it. */
function open(failures: Readonly<Record<string, Error>>) {
  const clock = new ManualClock();
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const queue = new WorkQueue({ clock, signal });
  const synced = Promise.withResolvers<undefined>();
  const warnings: string[] = [];
  const reconciled: string[] = [];
  const log = createLogger('warn', {}, { form: 'json', write: (line) => warnings.push(line) });
  const ended = reconcileLoop({
    subject: 'run',
    queue,
    caches: [{ synced: synced.promise, closed: Promise.resolve() }],
    workers: 2,
    reconcile: (key) => {
      reconciled.push(key);
      const failure = reconciled.indexOf(key) === reconciled.length - 1 ? failures[key] : undefined;
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    metrics: noControllerMetrics,
    clock,
    log,
    signal,
  });
  return { clock, queue, synced, warnings, reconciled, end: () => (lifetime.abort(), ended) };
}

describe('the loop of a controller', () => {
  it('begins when everything that exists is known, and not before', async () => {
    const { clock, queue, synced, reconciled, end } = open({});
    queue.add('a');
    await clock.advance(60_000);
    expect(reconciled).toEqual([]);
    synced.resolve(undefined);
    await clock.advance(0);
    expect(reconciled).toEqual(['a']);
    await end();
  });

  it('tries again what failed, goes on with the others, and warns of what somebody should know', async () => {
    const { clock, queue, synced, warnings, reconciled, end } = open({
      a: new Error('out of luck'),
      b: new ClusterError('Conflict', 'it was changed'),
      c: new ClusterError('NotFound', 'it is gone'),
      d: new ClusterError('AlreadyExists', 'its name was taken a moment ago'),
    });
    synced.resolve(undefined);
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.advance(60_000);
    expect([...reconciled].sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'e']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"run":"a","error":"out of luck"');
    await end();
  });
});
