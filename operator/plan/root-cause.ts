import type { PodFailure } from './pod-failure.ts';

/**
 * Reasons of pods that ended because another did. They are the cause only when nothing better is known.
 * `Terminated` is one of them: ranks stop together after the same step, whichever of them was told to.
 */
const followerReasons: ReadonlySet<string> = new Set([
  'PeerLost',
  'RendezvousTimeout',
  'Fenced',
  'Terminated',
]);

/**
 * How long to wait for a better explanation while other pods still run. Ranks notice a lost peer within half a second;
 * the pod that was lost reports through its own node, which may take a few seconds longer.
 */
const followerPatienceMs = 5_000;

/** Kubernetes writes whole seconds, so two moments within one say nothing about the order. */
const sameMomentMs = 1_000;

/** Which of two failures within the same second explains more: a trainer's own words say more than a bare exit code. */
const vagueness: Readonly<Record<string, number>> = {
  InvalidRecipe: 0,
  IncompatibleCheckpoint: 0,
  InvalidData: 0,
  Diverged: 0,
  NodeLost: 1,
  Evicted: 1,
  Preempted: 1,
  OutOfMemory: 2,
  PodDeleted: 4,
  Signalled: 5,
  ExitCode: 5,
  Terminated: 6,
  Fenced: 7,
  RendezvousTimeout: 8,
  PeerLost: 9,
};
const ordinaryVagueness = 3;

export function isFollower({ reason }: PodFailure): boolean {
  return followerReasons.has(reason);
}

/** The failure that brought the others about: the earliest that is not itself a consequence. */
export function findRootCause(failures: readonly PodFailure[]): PodFailure | undefined {
  const causes = failures.filter((failure) => !isFollower(failure));
  const candidates = causes.length > 0 ? causes : failures;
  const firstAtMs = Math.min(...candidates.map(({ atMs }) => atMs));
  return candidates
    .filter(({ atMs }) => causes.length === 0 || atMs - firstAtMs <= sameMomentMs)
    .sort((a, b) => vaguenessOf(a) - vaguenessOf(b) || a.atMs - b.atMs || compareNames(a.pod, b.pod))[0];
}

/**
 * When a follower's word is taken for want of a better one. A pod that was told to stop may end long before pod 0, which
 * still saves for all and has its grace period for it.
 */
export function followerTakenAtMs({ atMs, reason }: PodFailure, gracePeriodMs: number): number {
  return atMs + (reason === 'Terminated' ? Math.max(followerPatienceMs, gracePeriodMs) : followerPatienceMs);
}

function vaguenessOf({ reason }: PodFailure): number {
  return vagueness[reason] ?? ordinaryVagueness;
}

/** Pods of one attempt differ in their index at the end; a shorter name has a smaller one. */
function compareNames(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
