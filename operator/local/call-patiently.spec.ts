import { describe, expect, it } from 'vitest';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster-error.ts';
import { callPatiently } from './call-patiently.ts';

/** A call that is refused for a reason until so many milliseconds have passed. */
function startCall(reason: ClusterErrorReason, refusedForMs: number, lifetime = new AbortController()) {
  const clock = new ManualClock();
  const beganAtMs = clock.now();
  const outcome = callPatiently({ clock, signal: lifetime.signal }, () =>
    clock.now() - beganAtMs < refusedForMs
      ? Promise.reject(new ClusterError(reason, 'not now'))
      : Promise.resolve(),
  ).then(
    () => 'done',
    () => 'given up',
  );
  return { clock, lifetime, outcome };
}

describe('a patient call', () => {
  it('outlives an API server that is away for minutes', async () => {
    const { clock, outcome } = startCall('Unavailable', 5 * 60_000);
    await clock.advance(6 * 60_000);
    expect(await outcome).toBe('done');
  });

  it('gives up when the cluster must have given up the node', async () => {
    const { clock, outcome } = startCall('Unavailable', Infinity);
    await clock.advance(11 * 60_000);
    expect(await outcome).toBe('given up');
  });

  it('does not keep a node that is told to end for more than seconds', async () => {
    const { clock, lifetime, outcome } = startCall('Unavailable', Infinity);
    await clock.advance(60_000);
    lifetime.abort();
    await clock.advance(1);
    expect(await outcome).toBe('given up');

    const late = startCall('Unavailable', 5_000, lifetime);
    await late.clock.advance(7_000);
    expect(await late.outcome).toBe('done');
  });

  it('tries again for seconds when others write at the same time, and takes what is gone for done', async () => {
    const { clock, outcome } = startCall('Conflict', Infinity);
    await clock.advance(7_000);
    expect(await outcome).toBe('given up');
    expect(await startCall('NotFound', Infinity).outcome).toBe('done');
    expect(await startCall('Invalid', Infinity).outcome).toBe('given up');
  });
});
