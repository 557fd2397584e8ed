import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import { ClusterError } from '../cluster-error.ts';
import { refusing } from './testing/scripted-source.ts';
import { createWatchMetrics } from './watch-metrics.ts';

function world() {
  const [clock, registry] = [new ManualClock(), new Registry()];
  const lines = async (name: string) =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { clock, follow: createWatchMetrics(registry, clock), lines };
}

describe('the metrics of watches', () => {
  it('tell how long a cache has heard nothing, of the watch that has waited longest', async () => {
    const { clock, follow, lines } = world();
    const [first, second] = [follow('pods'), follow('pods')];
    await clock.advance(5_000);
    second.heard();
    await clock.advance(2_000);
    expect(await lines('ringmaster_cache_staleness_seconds')).toEqual([
      'ringmaster_cache_staleness_seconds{resource="pods"} 7',
    ]);
    first.ended();
    expect(await lines('ringmaster_cache_staleness_seconds')).toEqual([
      'ringmaster_cache_staleness_seconds{resource="pods"} 2',
    ]);
    second.ended();
    expect(await lines('ringmaster_cache_staleness_seconds')).toEqual([]);
  });

  it('count why watches began again, in few words', async () => {
    const { follow, lines } = world();
    const watch = follow('pods');
    watch.restarted();
    watch.restarted(refusing(410, 'Expired'));
    watch.restarted(new ClusterError('TooManyRequests', 'slower'));
    watch.restarted(new Error('the connection broke'));
    expect(await lines('ringmaster_watch_restarts_total')).toEqual(
      ['Ended', 'Expired', 'TooManyRequests', 'Unavailable'].map(
        (reason) => `ringmaster_watch_restarts_total{resource="pods",reason="${reason}"} 1`,
      ),
    );
  });
});
