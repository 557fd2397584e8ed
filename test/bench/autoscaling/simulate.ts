import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toTimestamp } from '../../../operator/base/clock.ts';
import { createLogger } from '../../../operator/base/logging.ts';
import { ManualClock } from '../../../operator/base/testing/manual-clock.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../../../operator/cluster/cluster.ts';
import { openEmbeddedCluster } from '../../../operator/cluster/embedded/embedded-cluster.ts';
import { runController } from '../../../operator/controllers/run-controller.ts';
import { sweepController } from '../../../operator/controllers/sweep-controller.ts';
import { NodePool } from './node-pool.ts';
import { runUntil } from './run-until.ts';
import { SimulatedCluster, type TrialEvent } from './simulated-cluster.ts';
import { hourMs, resultOf, timelineOf, type Simulation, type SimulationOptions } from './simulation.ts';
import { sweepOf, SweepWatch } from './sweep-under-test.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
/** So often trainers are asked and statuses written. In reality 5 s; this saves events and delays decisions. */
const intervalMs = 120_000;

/** Runs the operator's own controllers on a cluster in memory whose time passes as fast as they can follow. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  return (await simulateEvents(options)).result;
}

/**
 * The same, with the beginnings and ends of all trainers.
 * @param order trials in the order in which pods that wait at the same time are placed; default: as they were made
 */
export async function simulateEvents(
  options: SimulationOptions,
  order: readonly number[] = [],
): Promise<{ readonly result: Simulation; readonly events: readonly TrialEvent[] }> {
  const folder = await mkdtemp(join(stateRoot(), 'ringmaster-autoscaling-'));
  const clock = new ManualClock(startMs);
  const log = createLogger('silent');
  const cluster = await openEmbeddedCluster({ folder, clock, log });
  const ending = new AbortController();
  const { signal } = ending;
  const { seed } = options;
  const pool = new NodePool({ seed, ...options.pool });
  const stamp = () => toTimestamp(clock.now());
  const nodes = new SimulatedCluster({ cluster, clock, pool, seed, stamp, order });
  const settings = { statusIntervalMs: intervalMs, progressIntervalMs: intervalMs, trainerImage: 'trainer' };
  const common = { cluster, clock, log, settings, signal };
  const sweep = await cluster.create<TrainingSweep>(resourceTypes.trainingSweeps, sweepOf(options));
  const watch = new SweepWatch(sweep, () => clock.now());
  const parts = [
    nodes.run(signal),
    runController({ ...common, fetchProgress: nodes.fetchProgress }),
    sweepController(common),
    watch.follow(cluster, signal),
  ];
  try {
    await runUntil(clock, () => watch.finishedAtMs !== undefined, startMs + 1000 * hourMs);
    await runUntil(clock, () => pool.size === 0, clock.now() + 24 * hourMs);
  } finally {
    ending.abort();
    await Promise.all(parts);
    cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
  return { result: resultOf(options, watch, pool, nodes, startMs), events: timelineOf(nodes, startMs) };
}

/** In memory where there is a file system for it: what is simulated need not survive a power cut. */
function stateRoot(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
