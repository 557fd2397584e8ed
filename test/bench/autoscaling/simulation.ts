import type { NodePool, NodePoolSettings } from './node-pool.ts';
import type { SimulatedCluster, TrialEvent } from './simulated-cluster.ts';
import type { SweepWatch } from './sweep-under-test.ts';
import { epochs, trialNature } from './trials.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly trials: number;
  /** Parts of the sweep's spec. */
  readonly policy: {
    readonly parallelism?: number;
    readonly autoscaling?: object;
    readonly stopping?: object;
    /** Of the trainers: whether they may be moved to empty a machine. */
    readonly disruption?: 'Allow';
  };
  readonly pool: Omit<NodePoolSettings, 'seed'>;
}

/** What became of a sweep on a simulated cluster. */
export interface Simulation {
  /** From the making of the sweep to its completion. */
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
  /** Trainers that were told to go on elsewhere, so that a machine could be given back. */
  readonly moves: number;
  /** Trials without an end, runs made twice and trainers of one trial at the same time: all must be 0. */
  readonly lost: number;
  readonly madeTwice: number;
  readonly twins: number;
  /** How many trials at a time the sweep aimed at, whenever that changed. */
  readonly targets: readonly number[];
}

export const hourMs = 3_600_000;

/** @param startMs when the sweep was made */
export function resultOf(
  { seed, trials }: SimulationOptions,
  { sweep: { status }, made, targets, finishedAtMs = NaN }: SweepWatch,
  pool: NodePool,
  nodes: SimulatedCluster,
  startMs: number,
): Simulation {
  const rows = status?.trials ?? [];
  const isAtEnd = ({ phase, reason }: (typeof rows)[number]) =>
    phase === 'Succeeded' || phase === 'Stopped' || (phase === 'Paused' && reason === 'NotPromoted');
  const ends = Array.from({ length: trials }, (_, index) => trialNature(seed, index).top1(epochs));
  return {
    makespanHours: (finishedAtMs - startMs) / hourMs,
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
    moves: nodes.moves,
    targets,
  };
}

/** Beginnings and ends of trainers with their moments since `startMs`. */
export function timelineOf(nodes: SimulatedCluster, startMs: number): TrialEvent[] {
  return nodes.events.map(({ atMs, ...event }) => ({ ...event, atMs: atMs - startMs }));
}
