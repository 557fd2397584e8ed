import { constants } from 'node:os';
import { exitCodeOf } from '../../operator/api/trainer/exit-codes.ts';
import type { Failure } from '../train/failure.ts';

/** How one rank came to an end that was not a success, as its supervisor saw it. */
export type RankEnd = {
  /** Global rank. */
  readonly rank: number;
  /** When its supervisor learned of it, in milliseconds since the Unix epoch. */
  readonly atMs: number;
} & (
  | { readonly how: 'failed'; readonly failure: Failure }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly how: 'exit'; readonly exitCode: number; readonly lastWords: string }
);

/** Why the whole pod ends. */
export interface Verdict extends Failure {
  readonly rank?: number;
  /** Exit code of that rank; 128 + n for signal n. */
  readonly exitCode?: number;
}

/**
 * How long a rank that may be a victim is believed to be one. The kernel reports a killed child within milliseconds;
 * its peers notice the broken connection at about the same time, in either order.
 */
export const settleMs = 750;

/**
 * The first rank that failed by itself, out of all that have ended so far.
 *
 * A rank that lost a peer is a follower: it is named only when no other cause shows up within {@link settleMs}, as
 * when the cause lies in another pod. A rank that SIGTERM or SIGINT ended is a follower of the supervisor's own
 * signal, which may be delivered a moment later: signals to a process group reach its members one by one.
 *
 * @param stopping whether the supervisor was told to stop
 * @returns the verdict, or `wait` to look again later
 */
export function findRootCause(ends: readonly RankEnd[], stopping: boolean, nowMs: number): Verdict | 'wait' {
  const inOrder = ends.toSorted((one, other) => one.atMs - other.atMs);
  const cause = inOrder.find((end) => !isFollower(end)) ?? inOrder.find(isTerminatedBySignal);
  const first = inOrder[0];
  if (first === undefined) return 'wait';
  if (cause === undefined || isTerminatedBySignal(cause)) {
    if (stopping && cause !== undefined) {
      return { reason: 'Terminated', message: 'Told to stop before the ranks could save a checkpoint.' };
    }
    if (nowMs - first.atMs < settleMs) return 'wait';
  }
  return describe(cause ?? first);
}

/** The exit code of a process that a signal ended, as a shell reports it. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

function isTerminatedBySignal(end: RankEnd): boolean {
  return end.how === 'signal' && (end.signal === 'SIGTERM' || end.signal === 'SIGINT');
}

function isFollower(end: RankEnd): boolean {
  return (end.how === 'failed' && end.failure.reason === 'PeerLost') || isTerminatedBySignal(end);
}

function describe(end: RankEnd): Verdict {
  const { rank } = end;
  switch (end.how) {
    case 'failed':
      return {
        rank,
        reason: end.failure.reason,
        message: `Rank ${rank}: ${end.failure.message}`,
        exitCode: exitCodeOf(end.failure.reason),
        ...(end.failure.step === undefined ? {} : { step: end.failure.step }),
      };
    case 'signal': {
      const hint =
        end.signal === 'SIGKILL' ? ' If memory ran out, give the pods more or use a smaller batch.' : '';
      return {
        rank,
        reason: 'RankKilled',
        message: `Rank ${rank} was ended by ${end.signal}, which nobody here sent.${hint}`,
        exitCode: exitCodeOfSignal(end.signal),
      };
    }
    case 'exit': {
      const lastWords = end.lastWords === '' ? '' : ` Its last words: ${end.lastWords}`;
      return {
        rank,
        reason: 'Internal',
        message: `Rank ${rank} ended with exit code ${end.exitCode} and gave no reason.${lastWords}`,
        exitCode: end.exitCode,
      };
    }
  }
}
