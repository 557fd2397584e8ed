import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateTrainingSweep } from '../../../operator/api/v1alpha1/training-sweep-validate.ts';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { fromTimestamp } from '../../../operator/base/clock.ts';
import { ManualClock } from '../../../operator/base/testing/manual-clock.ts';
import { createLogger } from '../../../operator/base/logging.ts';
import { resourceTypes, type Cluster } from '../../../operator/cluster/cluster.ts';
import { openEmbeddedCluster } from '../../../operator/cluster/embedded/embedded-cluster.ts';
import { runController } from '../../../operator/controllers/run-controller.ts';
import { sweepController } from '../../../operator/controllers/sweep-controller.ts';
import { NodePool, type NodePoolSettings } from './node-pool.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { epochs, trialNature } from './trials.ts';
import { runUntil } from './run-until.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly trials: number;
  /** Parts of the sweep's spec: parallelism, autoscaling, stopping. */
  readonly policy: object;
  readonly pool: Omit<NodePoolSettings, 'seed'>;
}

/** What became of a sweep on a simulated cluster. */
export interface Simulation {
  /** From the first look at the sweep to its completion. */
  readonly makespanHours: number;
  /** GPU-hours of all machines from their request until they were gone, also after the sweep. */
  readonly paidGpuHours: number;
  /** GPU-hours in which a trainer trained. */
  readonly usedGpuHours: number;
  /** That part of it that was trained again after a spot kill. */
  readonly trainedAgainGpuHours: number;
  readonly machines: number;
  readonly spotKills: number;
  /** Top-1 that the best trial of the sweep has, and that the best of all trials would have had. */
  readonly foundTop1: number;
  readonly bestTop1: number;
  readonly trainedToTheEnd: number;
  /** Trials without an end, runs made twice and trainers of one trial at the same time: all must be 0. */
  readonly lost: number;
  readonly madeTwice: number;
  readonly twins: number;
}

const startMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;
/** So often trainers are asked and statuses written. In reality 5 s; this saves events and delays decisions. */
const intervalMs = 120_000;

/** Runs the operator's own controllers on a cluster in memory whose time passes as fast as they can follow. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const folder = await mkdtemp(join(stateRoot(), 'ringmaster-autoscaling-'));
  const clock = new ManualClock(startMs);
  const log = createLogger('silent');
  const cluster = await openEmbeddedCluster({ folder, clock, log });
  const ending = new AbortController();
  const { signal } = ending;
  const { seed } = options;
  const pool = new NodePool({ seed, ...options.pool });
  const nodes = new SimulatedCluster(cluster, clock, pool, seed);
  const made = new Map<string, number>();
  const settings = { statusIntervalMs: intervalMs, progressIntervalMs: intervalMs, trainerImage: 'trainer' };
  const common = { cluster, clock, log, settings, signal };
  let sweep = await cluster.create<TrainingSweep>(resourceTypes.trainingSweeps, sweepOf(options));
  const parts = [
    nodes.run(signal),
    runController({ ...common, fetchProgress: nodes.fetchProgress }),
    sweepController(common),
    countRuns(cluster, made, signal),
    watchSweep(cluster, signal, (seen) => {
      sweep = seen;
    }),
  ];
  try {
    await runUntil(clock, () => sweep.status?.completionTime !== undefined, startMs + 1000 * hourMs);
    await runUntil(clock, () => pool.size === 0, clock.now() + 24 * hourMs);
  } finally {
    ending.abort();
    await Promise.all(parts);
    cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
  return resultOf(options, sweep, pool, nodes, made);
}

function resultOf(
  { seed, trials }: SimulationOptions,
  { status }: TrainingSweep,
  pool: NodePool,
  nodes: SimulatedCluster,
  made: ReadonlyMap<string, number>,
): Simulation {
  const rows = status?.trials ?? [];
  const isAtEnd = ({ phase, reason }: (typeof rows)[number]) =>
    phase === 'Succeeded' || phase === 'Stopped' || (phase === 'Paused' && reason === 'NotPromoted');
  const ends = Array.from({ length: trials }, (_, index) => trialNature(seed, index).top1(epochs));
  return {
    makespanHours: ((fromTimestamp(status?.completionTime) ?? NaN) - startMs) / hourMs,
    paidGpuHours: pool.paidGpuMs / hourMs,
    usedGpuHours: nodes.trainingMs / hourMs,
    trainedAgainGpuHours: nodes.lostMs / hourMs,
    machines: pool.requested,
    spotKills: pool.kills,
    foundTop1: ends[status?.best?.index ?? -1] ?? NaN,
    bestTop1: Math.max(...ends),
    trainedToTheEnd: rows.filter(({ phase }) => phase === 'Succeeded').length,
    lost: trials - rows.filter(isAtEnd).length,
    madeTwice: [...made.values()].filter((count) => count > 1).length,
    twins: nodes.twins,
  };
}

/** In memory where there is a file system for it: what is simulated need not survive a power cut. */
function stateRoot(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

async function countRuns(cluster: Cluster, made: Map<string, number>, signal: AbortSignal): Promise<void> {
  for await (const event of cluster.watch<TrainingRun>(resourceTypes.trainingRuns, {}, signal)) {
    if (event.type !== 'added') continue;
    const { name } = event.object.metadata;
    made.set(name, (made.get(name) ?? 0) + 1);
  }
}

async function watchSweep(
  cluster: Cluster,
  signal: AbortSignal,
  onChange: (sweep: TrainingSweep) => void,
): Promise<void> {
  for await (const event of cluster.watch<TrainingSweep>(resourceTypes.trainingSweeps, {}, signal))
    if (event.type !== 'synced') onChange(event.object);
}

function sweepOf({ seed, trials, policy }: SimulationOptions): TrainingSweep {
  const validation = validateTrainingSweep({
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingSweep',
    metadata: { name: 'sweep', namespace: 'default' },
    spec: {
      runTemplate: {
        model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
        data: { format: 'fashion-mnist', train: '/data' },
        recipe: { preset: 'baseline', epochs, batchSize: 128 },
        trainers: { pods: 1, gpusPerPod: 1 },
        checkpoints: { uri: '/checkpoints' },
      },
      parameters: [{ path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } }],
      search: { algorithm: 'random', seed },
      maxTrials: trials,
      ...policy,
    },
  });
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return validation.sweep;
}
