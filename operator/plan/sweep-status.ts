import { fromTimestamp, toTimestamp } from '../base/clock.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { SweepReason } from '../api/v1alpha1/reasons.ts';
import type { SweepPhase, TrainingSweepStatus, TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { ablationCell } from '../search/ablation.ts';
import { lossOf } from '../search/objective.ts';
import { settingsAt } from '../search/space.ts';
import { trialCount, trialName } from '../search/trials.ts';
import { setConditions, type ConditionChange } from './conditions.ts';
import { countOf } from './phases.ts';
import type { Schedule } from './sweep-schedule.ts';
import type { Halt } from './sweep-halt.ts';
import { isDone } from './sweep-trials.ts';

/** What was decided about the trials. */
export interface SweepDecision {
  readonly rows: readonly TrialRow[];
  readonly gpuHours: number;
  /** Whether every run that should not go on has come to rest. */
  readonly isAtRest: boolean;
  readonly halt?: Halt;
  readonly scheduled?: Schedule;
  readonly nowMs: number;
}

/** The phase in which each condition is true. */
export const phaseOfCondition = {
  Running: 'Running',
  Suspended: 'Suspended',
  Complete: 'Succeeded',
  Failed: 'Failed',
} as const;

/** Whether nothing of a sweep goes on. It may begin again when the sweep is extended. */
export function isFinishedSweep({ phase }: TrainingSweepStatus): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The status that says what was decided. */
export function nextSweepStatus(
  sweep: TrainingSweep,
  before: TrainingSweepStatus,
  decision: SweepDecision,
): TrainingSweepStatus {
  const { rows, gpuHours, scheduled, halt, nowMs } = decision;
  const turn = turnOf(decision);
  const active = rows.filter(({ phase }) => phase === 'Active').length;
  const target = scheduled?.target ?? before.target;
  const limitedBy = limitOf(decision);
  const best = bestOf(sweep, rows);
  const { generation, uid = '' } = sweep.metadata;
  const { completionTime, activeSince, activeSeconds, startTime, grownAt, conditions } = before;
  const now = toTimestamp(nowMs);
  const isClockRunning = turn.phase === 'Running' && rows.length > 0;
  const isEnded = turn.phase === 'Succeeded' || turn.phase === 'Failed';
  const changedAt = target !== before.target ? now : grownAt;
  const stopped =
    activeSince !== undefined && !isClockRunning
      ? (activeSeconds ?? 0) + Math.max(0, Math.floor((nowMs - (fromTimestamp(activeSince) ?? nowMs)) / 1000))
      : activeSeconds;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: turn.phase,
    conditions: setConditions(conditions, conditionsOf(before, turn), { run: sweep, nowMs }),
    active,
    ...(target === undefined ? {} : { target }),
    ...(changedAt === undefined ? {} : { grownAt: changedAt }),
    selector: `${labels.sweepUid}=${uid}`,
    ...(limitedBy === undefined ? {} : { limitedBy }),
    counts: countsOf(sweep, rows, halt),
    ...(best === undefined ? {} : { best }),
    gpuHours,
    ...(startTime === undefined && active === 0 ? {} : { startTime: startTime ?? now }),
    ...(isEnded ? { completionTime: completionTime ?? now } : {}),
    ...(stopped === undefined ? {} : { activeSeconds: stopped }),
    ...(isClockRunning ? { activeSince: activeSince ?? now } : {}),
    trials: [...rows],
  };
}

interface Turn {
  readonly phase: SweepPhase;
  readonly reason: SweepReason;
  readonly message: string;
}

function turnOf({ rows, halt, scheduled, isAtRest }: SweepDecision): Turn {
  const succeeded = rows.filter(({ phase }) => phase === 'Succeeded').length;
  if (halt?.reason === 'Suspended') {
    return isAtRest
      ? { phase: 'Suspended', reason: 'Suspended', message: halt.message }
      : { phase: 'Suspending', reason: 'Suspending', message: 'Trials are saving their last checkpoint.' };
  }
  const isOver =
    halt !== undefined || (scheduled?.hasMore === false && rows.every(({ phase }) => phase !== 'Active'));
  if (!isOver || !isAtRest)
    return {
      phase: 'Running',
      reason: 'TrialsRunning',
      message: halt?.message ?? 'Trials run, or are about to.',
    };
  if (halt?.reason === 'TooManyFailedTrials' || halt?.reason === 'InvalidSpec')
    return { phase: 'Failed', reason: halt.reason, message: halt.message };
  if (succeeded === 0) {
    const message = `No trial trained to its end. ${halt?.message ?? ''}`.trimEnd();
    return { phase: 'Failed', reason: 'NoTrialSucceeded', message };
  }
  return {
    phase: 'Succeeded',
    reason: halt?.reason ?? 'AllTrialsDone',
    message: `${halt?.message ?? 'There is nothing left to try.'} ${countOf(succeeded, 'trial')} trained to the end.`,
  };
}

function conditionsOf(
  before: TrainingSweepStatus,
  { phase, reason, message }: Turn,
): ConditionChange<SweepReason>[] {
  return (['Running', 'Suspended', 'Complete', 'Failed'] as const).flatMap((type) => {
    const isSo = phaseOfCondition[type] === phase;
    const wasSo = before.conditions?.some(
      (condition) => condition.type === type && condition.status === 'True',
    );
    if (!isSo && wasSo !== true) return [];
    return [{ type, status: isSo ? 'True' : 'False', reason, message }];
  });
}

function limitOf({ halt, scheduled }: SweepDecision): TrainingSweepStatus['limitedBy'] {
  if (halt === undefined) return scheduled?.limitedBy;
  if (halt.reason === 'BudgetUsedUp') return 'Budget';
  return halt.reason === 'Suspended' ? undefined : 'Done';
}

function countsOf(
  sweep: TrainingSweep,
  rows: readonly TrialRow[],
  halt: Halt | undefined,
): NonNullable<TrainingSweepStatus['counts']> {
  const count = (wanted: TrialRow['phase']) => rows.filter(({ phase }) => phase === wanted).length;
  return {
    paused: count('Paused'),
    stopped: count('Stopped'),
    succeeded: count('Succeeded'),
    failed: count('Failed'),
    done: rows.filter(isDone).length,
    total: halt?.reason === 'InvalidSpec' ? rows.length : trialCount(sweep.spec),
  };
}

/** The best of the trials that trained to their end; of equals the first. */
function bestOf(sweep: TrainingSweep, rows: readonly TrialRow[]): TrainingSweepStatus['best'] {
  const { objective, ablation, parameters } = sweep.spec;
  let best: (TrialRow & { value: number }) | undefined;
  for (const { value, ...row } of rows) {
    if (row.phase !== 'Succeeded' || value === undefined) continue;
    if (best === undefined || lossOf(objective, value) < lossOf(objective, best.value))
      best = { ...row, value };
  }
  if (best === undefined) return undefined;
  const cell = ablation === undefined ? undefined : ablationCell(ablation, best.index);
  return {
    trial: trialName(sweep, best.index),
    index: best.index,
    value: best.value,
    ...(cell === undefined ? {} : { row: cell.row.name }),
    ...(parameters === undefined || best.point === undefined
      ? {}
      : {
          parameters: settingsAt(parameters, best.point),
        }),
  };
}
