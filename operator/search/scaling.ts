import { parseDurationMs } from '../base/durations.ts';
import type { Autoscaling } from '../api/v1alpha1/training-sweep-spec.ts';

/** What decides how many trials a sweep runs at a time. */
export interface ScalingState {
  /** How many it would run now; absent before the first trial. */
  readonly target?: number;
  /** When the target last changed; absent when it never did. */
  readonly changedAtMs?: number;
  /** Whether the cluster took no more when the target was last decided. */
  readonly wasFull: boolean;
  /** Whether trials that found no room were given up and do not run yet. */
  readonly hasGivenUp: boolean;
  /** Trials that should run and do. */
  readonly running: number;
  /** Since when the trials that should run and do not have waited. */
  readonly waitingSinceMs: readonly number[];
  readonly nowMs: number;
}

/** How many trials to run at a time, and whether the cluster takes no more. */
export interface Scale {
  readonly target: number;
  readonly isFull: boolean;
  /** When time alone may change the target. */
  readonly dueAtMs?: number;
}

/**
 * Finds out by trying how many trials the cluster takes: while all of them run the target doubles, while one waits it
 * stays, and a trial that waits for too long is given up. After that the sweep waits before it tries again, with one trial
 * more: where there is no room it would not be there for twice as many.
 */
export function scale(autoscaling: Autoscaling, state: ScalingState): Scale {
  const { min, max } = autoscaling;
  const { nowMs, running, waitingSinceMs } = state;
  const within = (target: number) => Math.min(max, Math.max(min, target));
  const target = within(state.target ?? min);
  const waitingMs = waitingSinceMs.map((since) => nowMs - since);
  const startWithinMs = parseDurationMs(autoscaling.startWithin);
  const giveBackAfterMs = parseDurationMs(autoscaling.giveBackAfter);
  const givenUp = waitingMs.filter((ms) => ms >= giveBackAfterMs).length;
  if (givenUp > 0 && running + waitingMs.length > min)
    return { target: within(running + waitingMs.length - givenUp), isFull: true };
  if (waitingMs.length > 0) {
    const isFull = waitingMs.some((ms) => ms >= startWithinMs);
    const due = waitingSinceMs.flatMap((since) => [since + startWithinMs, since + giveBackAfterMs]);
    return { target, isFull, ...next(due, nowMs) };
  }
  if (running < target || target >= max) return { target, isFull: false };
  // When there was no room a moment ago there is none now.
  const retryAtMs = (state.changedAtMs ?? -Infinity) + parseDurationMs(autoscaling.retryAfter);
  if (state.wasFull && nowMs < retryAtMs) return { target, isFull: true, dueAtMs: retryAtMs };
  return { target: within(state.wasFull && state.hasGivenUp ? target + 1 : target * 2), isFull: false };
}

/** The first moment that is still to come. */
function next(dueAtMs: readonly number[], nowMs: number): { dueAtMs?: number } {
  const coming = dueAtMs.filter((dueMs) => dueMs > nowMs);
  return coming.length === 0 ? {} : { dueAtMs: Math.min(...coming) };
}
