import { fromTimestamp, toTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { RunReason } from '../api/v1alpha1/reasons.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { SweepLimit, TrainingSweepStatus, TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { lossOf } from '../search/objective.ts';
import { scale } from '../search/scaling.ts';
import { pointOf, trialCount, trialRun } from '../search/trials.ts';
import { moveTrial, promotion } from './sweep-trials.ts';

/** Which trials should run now. */
export interface Schedule {
  readonly rows: readonly TrialRow[];
  readonly target: number;
  readonly limitedBy: SweepLimit | undefined;
  /** Whether trials are left that could run if there were room. */
  readonly hasMore: boolean;
  /** When time alone may change it. */
  readonly dueAtMs: readonly number[];
}

/** Brings the number of trials that run to what it should be: pauses the least promising, or goes on with the best. */
export function schedule(
  sweep: TrainingSweep,
  before: TrainingSweepStatus,
  rows: readonly TrialRow[],
  runs: ReadonlyMap<number, TrainingRun>,
  nowMs: number,
): Schedule {
  const { target, isFull, isExternal, dueAtMs } = targetOf(sweep, before, rows, runs, nowMs);
  const active = rows.filter(({ phase }) => phase === 'Active');
  const shrunk = shrink(sweep, rows, runs, active.length - target, nowMs);
  const grown = grow(sweep, shrunk.rows, target - active.length, nowMs);
  const isBusy = grown.rows.filter(({ phase }) => phase === 'Active').length >= target;
  return {
    rows: grown.rows,
    target,
    hasMore: grown.hasMore,
    dueAtMs: [...dueAtMs, ...shrunk.dueAtMs],
    limitedBy: grown.hasMore ? (isBusy ? limitOf() : undefined) : 'Done',
  };

  function limitOf(): SweepLimit | undefined {
    if (isExternal) return 'ExternalScale';
    if (isFull) return active.some(({ index }) => waitsForQuota(runs.get(index))) ? 'Quota' : 'NoCapacity';
    const { autoscaling } = sweep.spec;
    return autoscaling === undefined || target >= autoscaling.max ? 'MaxParallelism' : undefined;
  }
}

interface Target {
  readonly target: number;
  readonly isFull: boolean;
  /** Whether `spec.parallelism` keeps the target below what the cluster takes. */
  readonly isExternal: boolean;
  readonly dueAtMs: readonly number[];
}

function targetOf(
  { spec }: TrainingSweep,
  before: TrainingSweepStatus,
  rows: readonly TrialRow[],
  runs: ReadonlyMap<number, TrainingRun>,
  nowMs: number,
): Target {
  const { autoscaling, parallelism } = spec;
  if (autoscaling === undefined)
    return { target: parallelism ?? 1, isFull: false, isExternal: false, dueAtMs: [] };
  const active = rows.filter(({ phase }) => phase === 'Active');
  const waitingSinceMs = active.flatMap((row) => waitingSince(row, runs.get(row.index)) ?? []);
  const changedAtMs = fromTimestamp(before.grownAt);
  const scaled = scale(autoscaling, {
    ...(before.target === undefined ? {} : { target: before.target }),
    ...(changedAtMs === undefined ? {} : { changedAtMs }),
    wasFull: before.limitedBy === 'NoCapacity' || before.limitedBy === 'Quota',
    hasGivenUp: rows.some(({ phase, reason }) => phase === 'Paused' && reason === 'Shrunk'),
    running: active.length - waitingSinceMs.length,
    waitingSinceMs,
    nowMs,
  });
  const bound = parallelism ?? autoscaling.max;
  return {
    target: Math.min(scaled.target, bound),
    isFull: scaled.isFull,
    isExternal: bound < scaled.target,
    dueAtMs: scaled.dueAtMs === undefined ? [] : [scaled.dueAtMs],
  };
}

/** Whether it waits for others to use less, not for machines: in a queue, or because of a ResourceQuota. */
function waitsForQuota(run: TrainingRun | undefined): boolean {
  const { phase, conditions = [] } = run?.status ?? {};
  const exceeded: RunReason = 'QuotaExceeded';
  switch (phase) {
    case 'Queued':
      return true;
    case 'Suspending':
      return conditions.some(({ type, status }) => type === 'Admitted' && status === 'False');
    case 'Starting':
      return conditions.some(({ reason }) => reason === exceeded);
    default:
      return false;
  }
}

/** Since when a trial that should run has waited for its pods; `undefined` when it waits for nothing. */
function waitingSince(row: TrialRow, run: TrainingRun | undefined): number | undefined {
  const sinceMs = fromTimestamp(row.changedAt) ?? 0;
  switch (run?.status?.phase) {
    case 'Running':
    case 'Restarting':
      return undefined;
    case 'Suspending':
    case 'Queued':
      // A trial that lost its place waits from then on, while its pods still end, however long ago it was first wanted.
      return Math.max(sinceMs, lostPlaceAtMs(run));
    case 'Starting':
      return Math.max(sinceMs, fromTimestamp(run.status.attemptStartedAt) ?? 0);
    default:
      return sinceMs;
  }
}

function lostPlaceAtMs({ status }: TrainingRun): number {
  const admitted = status?.conditions?.find(({ type }) => type === 'Admitted');
  return fromTimestamp(admitted?.lastTransitionTime) ?? 0;
}

/** Pauses trials: first those that wait, the newest of them first, then the least promising. */
function shrink(
  { spec }: TrainingSweep,
  rows: readonly TrialRow[],
  runs: ReadonlyMap<number, TrainingRun>,
  excess: number,
  nowMs: number,
): { rows: readonly TrialRow[]; dueAtMs: number[] } {
  if (excess <= 0) return { rows, dueAtMs: [] };
  const usefulMs = spec.autoscaling === undefined ? 0 : parseDurationMs(spec.autoscaling.minimumUsefulTime);
  const candidates = rows
    .filter(({ phase }) => phase === 'Active')
    .map((row) => {
      const waitingMs = waitingSince(row, runs.get(row.index));
      return {
        index: row.index,
        isWaiting: waitingMs !== undefined,
        loss: row.value === undefined ? Infinity : lossOf(spec.objective, row.value),
        usefulAtMs: waitingMs === undefined ? (fromTimestamp(row.changedAt) ?? 0) + usefulMs : 0,
      };
    })
    .sort(
      (left, right) =>
        Number(right.isWaiting) - Number(left.isWaiting) ||
        compare(right.loss, left.loss) ||
        right.index - left.index,
    );
  const paused = new Set(
    candidates
      .filter(({ usefulAtMs }) => usefulAtMs <= nowMs)
      .slice(0, excess)
      .map(({ index }) => index),
  );
  return {
    rows: rows.map((row) => (paused.has(row.index) ? moveTrial(row, 'Paused', nowMs, 'Shrunk') : row)),
    dueAtMs: paused.size < excess ? candidates.map(({ usefulAtMs }) => usefulAtMs) : [],
  };
}

/** Goes on with paused trials, then with those that are promoted, then begins new ones. */
function grow(
  sweep: TrainingSweep,
  rows: readonly TrialRow[],
  slots: number,
  nowMs: number,
): { rows: readonly TrialRow[]; hasMore: boolean } {
  const { spec } = sweep;
  const isPromoted = promotion(rows, spec);
  const waiting = rows
    .filter((row) => row.phase === 'Paused' && (row.reason !== 'NotPromoted' || isPromoted(row)))
    .sort((left, right) => preference(left, right, sweep));
  const resumed = new Set(waiting.slice(0, Math.max(0, slots)).map(({ index }) => index));
  const next = rows.map((row) => (resumed.has(row.index) ? moveTrial(row, 'Active', nowMs) : row));
  const count = trialCount(spec);
  for (let free = slots - resumed.size; free > 0 && next.length < count;) {
    const row = newTrial(sweep, next, nowMs);
    next.push(row);
    if (row.phase === 'Active') free -= 1;
  }
  return { rows: next, hasMore: waiting.length > resumed.size || next.length < count };
}

/** Those that were interrupted come before those that are promoted; of these the farthest, then the best. */
function preference(left: TrialRow, right: TrialRow, { spec }: TrainingSweep): number {
  const wasPassed = ({ reason }: TrialRow) => Number(reason === 'NotPromoted');
  const loss = ({ value }: TrialRow) => (value === undefined ? Infinity : lossOf(spec.objective, value));
  return (
    wasPassed(left) - wasPassed(right) ||
    (right.values?.length ?? 0) - (left.values?.length ?? 0) ||
    compare(loss(left), loss(right)) ||
    left.index - right.index
  );
}

function newTrial(sweep: TrainingSweep, rows: readonly TrialRow[], nowMs: number): TrialRow {
  const index = rows.length;
  const point = pointOf(sweep.spec, index, rows);
  const row: TrialRow = {
    index,
    phase: 'Active',
    ...(point === undefined ? {} : { point: [...point] }),
    changedAt: toTimestamp(nowMs),
  };
  return trialRun(sweep, row).ok ? row : moveTrial(row, 'Failed', nowMs, 'InvalidTrial');
}

/** Unlike a difference, it knows that two infinities are equal. */
function compare(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
