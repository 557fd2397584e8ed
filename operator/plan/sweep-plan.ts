import { formatDurationMs, parseDurationMs } from '../base/durations.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus, TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { validateStoredSweep } from '../api/v1alpha1/training-sweep-validate.ts';
import { labels } from '../api/v1alpha1/group.ts';
import { usedUpAtMs } from '../search/budget.ts';
import { trialName, trialRun } from '../search/trials.ts';
import type { Announcement } from './action.ts';
import { isForeign } from './managed-by.ts';
import { isFinalPhase } from './phases.ts';
import { haltOf, invalid, type Halt } from './sweep-halt.ts';
import { schedule, type Schedule } from './sweep-schedule.ts';
import { isFinishedSweep, nextSweepStatus, phaseOfCondition } from './sweep-status.ts';
import { isAtRest, learnTrial, moveTrial, stopLosers } from './sweep-trials.ts';
import { expiresAtMs } from './ttl.ts';

/** Everything a plan is made from. */
export interface ObservedSweep {
  readonly sweep: TrainingSweep;
  /** Runs that carry the sweep's UID as a label. */
  readonly runs: readonly TrainingRun[];
  readonly nowMs: number;
}

/** One change to the world. Every one follows from the rows of the status that is written before it. */
export type SweepAction =
  | { readonly type: 'createTrial'; readonly run: TrainingRun }
  | { readonly type: 'suspendTrial'; readonly name: string; readonly uid: string; readonly suspend: boolean }
  | { readonly type: 'deleteSweep'; readonly uid: string };

export interface SweepPlan {
  /** The whole intended status. It is written before anything else is done. */
  readonly status: TrainingSweepStatus;
  readonly actions: readonly SweepAction[];
  readonly announcements: readonly Announcement[];
  /** Plan again after so long even if nothing happens; absent: only when something does. */
  readonly requeueAfterMs?: number;
}

/**
 * Decides which trials of a sweep should run and what its status should say. Pure, and a function of the rows that were
 * written before: whoever dies after writing them is followed by one who goes on from the same rows.
 */
export function planSweep({ sweep: stored, runs, nowMs }: ObservedSweep): SweepPlan {
  const before = stored.status ?? {};
  if (isForeign(stored) || stored.metadata.deletionTimestamp !== undefined)
    return { status: before, actions: [], announcements: [] };
  const validation = validateStoredSweep(stored);
  if (!validation.ok) {
    const message = validation.problems.map(({ path, message: text }) => `${path} ${text}`).join('; ');
    return conclude(stored, before, { rows: before.trials ?? [], halt: invalid(message), runs: [], nowMs });
  }
  const { sweep } = validation;
  const expiry = expiresAtMs(sweep.spec, before);
  if (isFinishedSweep(before) && expiry !== undefined && nowMs >= expiry) return expire(sweep, before);
  const ownRuns = runs.filter((run) => isOwned(run, sweep));
  const byIndex = new Map(ownRuns.map((run) => [Number(run.metadata.labels?.[labels.trial]), run]));
  const rows = before.trials ?? [];
  const learned = rows.map((row) => learnTrial(row, byIndex.get(row.index), sweep.spec, nowMs));
  const judged = stopLosers(rows, learned, sweep.spec, nowMs);
  const halt = haltOf(sweep, { ...before, gpuHours: gpuHoursOf(judged) }, judged, nowMs);
  if (halt !== undefined) {
    const paused = judged.map((row) =>
      row.phase === 'Active' ? moveTrial(row, 'Paused', nowMs, halt.trialReason) : row,
    );
    return conclude(sweep, before, { rows: paused, halt, runs: ownRuns, nowMs });
  }
  const scheduled = schedule(sweep, before, judged, byIndex, nowMs);
  return conclude(sweep, before, { rows: scheduled.rows, scheduled, runs: ownRuns, nowMs });
}

interface Decision {
  readonly rows: readonly TrialRow[];
  readonly halt?: Halt;
  readonly scheduled?: Schedule;
  readonly runs: readonly TrainingRun[];
  readonly nowMs: number;
}

function conclude(sweep: TrainingSweep, before: TrainingSweepStatus, decision: Decision): SweepPlan {
  const { rows, halt, scheduled, runs, nowMs } = decision;
  const status = nextSweepStatus(sweep, before, {
    rows,
    gpuHours: gpuHoursOf(rows),
    isAtRest: runs.every((run) => isAtRest(run) || isMeantToRun(run, rows)),
    ...(halt === undefined ? {} : { halt }),
    ...(scheduled === undefined ? {} : { scheduled }),
    nowMs,
  });
  const gpus = runs.filter((run) => !isAtRest(run)).reduce((sum, run) => sum + gpusOf(run), 0);
  const isFinished = isFinishedSweep(status);
  const byName = new Map(runs.map((run) => [run.metadata.name, run]));
  return {
    status,
    actions: halt?.reason === 'InvalidSpec' ? [] : rows.flatMap((row) => actionOf(sweep, row, byName)),
    announcements: announce(sweep, before, status, rows),
    ...requeue(
      [
        ...(scheduled?.dueAtMs ?? []),
        isFinished ? expiresAtMs(sweep.spec, status) : undefined,
        isFinished || halt !== undefined ? undefined : usedUpAtMs(sweep, status, gpus, nowMs),
      ],
      nowMs,
    ),
  };
}

function isMeantToRun({ metadata }: TrainingRun, rows: readonly TrialRow[]): boolean {
  const index = Number(metadata.labels?.[labels.trial]);
  return rows[index]?.phase === 'Active';
}

function gpusOf({ spec }: TrainingRun): number {
  return spec.trainers.pods * spec.trainers.gpusPerPod;
}

function gpuHoursOf(rows: readonly TrialRow[]): number {
  return Number(rows.reduce((sum, row) => sum + (row.gpuHours ?? 0), 0).toFixed(4));
}

function isOwned({ metadata }: TrainingRun, sweep: TrainingSweep): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === sweep.metadata.uid) ?? false;
}

/** What brings the run of a trial to what its row says. */
function actionOf(
  sweep: TrainingSweep,
  row: TrialRow,
  runs: ReadonlyMap<string, TrainingRun>,
): SweepAction[] {
  const name = trialName(sweep, row.index);
  const run = runs.get(name);
  if (run === undefined) {
    const trial = row.phase === 'Active' ? trialRun(sweep, row) : undefined;
    return trial?.ok === true ? [{ type: 'createTrial', run: trial.run }] : [];
  }
  const suspend = row.phase === 'Paused' || row.phase === 'Stopped';
  const isMeant = suspend || row.phase === 'Active';
  if (!isMeant || isFinalPhase(run.status?.phase) || run.spec.suspend === suspend) return [];
  return [{ type: 'suspendTrial', name, uid: run.metadata.uid ?? '', suspend }];
}

function expire(sweep: TrainingSweep, status: TrainingSweepStatus): SweepPlan {
  const ttl = formatDurationMs(parseDurationMs(sweep.spec.ttlAfterFinished ?? '0s'));
  return {
    status,
    actions: [{ type: 'deleteSweep', uid: sweep.metadata.uid ?? '' }],
    announcements: [
      { type: 'Normal', reason: 'Expired', message: `The sweep finished ${ttl} ago and is deleted.` },
    ],
  };
}

/** A line for each new phase of the sweep, and for each trial that was paused, stopped or failed. */
function announce(
  sweep: TrainingSweep,
  before: TrainingSweepStatus,
  after: TrainingSweepStatus,
  rows: readonly TrialRow[],
): Announcement[] {
  const condition = Object.entries(phaseOfCondition).find(([, phase]) => phase === after.phase)?.[0];
  const turn = after.conditions?.find(({ type }) => type === condition && type !== 'Running');
  const ofTrials = rows.flatMap((row, index): Announcement[] => {
    const old = before.trials?.[index];
    if (row.reason === undefined || (old?.phase === row.phase && old.reason === row.reason)) return [];
    const message = `Trial ${trialName(sweep, row.index)} is ${row.phase.toLowerCase()}: ${row.reason}.`;
    return [{ type: row.phase === 'Failed' ? 'Warning' : 'Normal', reason: `Trial${row.phase}`, message }];
  });
  if (after.phase === before.phase || turn === undefined) return ofTrials;
  const type = after.phase === 'Failed' ? 'Warning' : 'Normal';
  return [...ofTrials, { type, reason: turn.reason, message: turn.message }];
}

function requeue(dueAtMs: readonly (number | undefined)[], nowMs: number): { requeueAfterMs?: number } {
  const coming = dueAtMs.filter((dueMs) => dueMs !== undefined).filter((dueMs) => dueMs > nowMs);
  return coming.length === 0 ? {} : { requeueAfterMs: Math.min(...coming) - nowMs };
}
