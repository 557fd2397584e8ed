import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { systemClock, toTimestamp } from '../../../operator/base/clock.ts';
import { resourceTypes } from '../../../operator/cluster/cluster.ts';
import { shippedCrdFiles } from '../../control-plane/install-crd.ts';
import { openRealCluster } from '../../control-plane/real-cluster.ts';
import { startControlPlane } from '../../control-plane/start.ts';
import { until } from '../../control-plane/until.ts';
import { installRights } from '../../operator/install.ts';
import { startManager } from '../../operator/manager.ts';
import { createNode } from '../../operator/nodes.ts';
import { NodePool } from './node-pool.ts';
import { scaledClock } from './scaled-clock.ts';
import { SimulatedCluster, type TrialEvent } from './simulated-cluster.ts';
import { resultOf, timelineOf, type Simulation, type SimulationOptions } from './simulation.ts';
import { sweepOf, SweepWatch } from './sweep-under-test.ts';

/**
 * The same sweep and the same machines as in a simulation, on a real control plane with its scheduler and with
 * `ringmaster manager`, whose clocks are those of this machine. Only machines, kubelets and trainers are made up.
 * @param speed how many times as fast as in reality machines start and trainers train
 * @param timeoutMs for the whole sweep, in real time
 */
export async function runOnControlPlane(
  options: SimulationOptions,
  speed: number,
  timeoutMs: number,
): Promise<{ readonly result: Simulation; readonly events: readonly TrialEvent[] }> {
  // What was begun is ended in the opposite order, also when a later part fails to start.
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-autoscaling-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const controlPlane = await startControlPlane({
      crdFiles: shippedCrdFiles,
      // Nobody renews the leases of the nodes, and what the loss of one leads to is made up too.
      controllerManagerFlags: [
        '--controllers=*,-node-lifecycle-controller,-nodeipam,-pod-garbage-collector-controller',
      ],
    });
    ends.push(() => controlPlane.close());
    const kubeconfig = await installRights(controlPlane);
    const manager = await startManager({ name: 'operator', kubeconfig, folder });
    ends.push(() => manager.child.kill());
    await manager.says('the controllers have seen everything and begin');
    const cluster = await openRealCluster(controlPlane);
    ends.push(() => cluster.close());

    const clock = scaledClock(speed);
    const pool = new NodePool({ seed: options.seed, ...options.pool });
    const nodes = new SimulatedCluster({
      cluster,
      clock,
      pool,
      seed: options.seed,
      stamp: () => toTimestamp(systemClock.now()),
      scheduler: {
        nodeCame: (name) => createNode(controlPlane, name, options.pool.gpusPerNode),
        nodeWent: async (name) => {
          await controlPlane.fetch('DELETE', `/api/v1/nodes/${name}`);
        },
      },
    });
    const ending = new AbortController();
    const startMs = clock.now();
    const sweep = await cluster.create<TrainingSweep>(resourceTypes.trainingSweeps, sweepOf(options, speed));
    const watch = new SweepWatch(sweep, () => clock.now());
    const parts = Promise.all([nodes.run(ending.signal), watch.follow(cluster, ending.signal)]);
    ends.push(() => {
      ending.abort();
      return parts;
    });
    const isOver = () =>
      Promise.resolve(watch.finishedAtMs !== undefined && pool.size === 0 ? true : undefined);
    await Promise.race([until('the sweep ends', isOver, { timeoutMs }), parts]);
    return { result: resultOf(options, watch, pool, nodes, startMs), events: timelineOf(nodes, startMs) };
  } finally {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  }
}
