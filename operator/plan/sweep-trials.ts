import { toTimestamp } from '../base/clock.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrialReason } from '../api/v1alpha1/reasons.ts';
import type { TrainingSweepSpec } from '../api/v1alpha1/training-sweep-spec.ts';
import type { TrialPhase, TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { mayPassRung } from '../search/asha.ts';
import { gpuHoursOf } from '../search/budget.ts';
import { isWorseThanMedian } from '../search/median.ts';
import { lossOf, measure } from '../search/objective.ts';
import { rungEpochs, withEvaluation } from '../search/rungs.ts';
import { epochsOf } from '../search/trials.ts';
import { isFinalPhase } from './phases.ts';

/** Phases of a trial that needs nothing more, whatever happens to its sweep. */
const finalPhases: readonly TrialPhase[] = ['Stopped', 'Succeeded', 'Failed'];

export function isDone({ phase }: TrialRow): boolean {
  return finalPhases.includes(phase);
}

/** A row in another phase, with the reason if there is one. */
export function moveTrial(
  row: TrialRow,
  phase: TrialPhase,
  nowMs: number,
  reason?: TrialReason | (string & {}),
): TrialRow {
  const moved: TrialRow = { ...row, phase, changedAt: toTimestamp(nowMs) };
  delete moved.reason;
  return reason === undefined ? moved : { ...moved, reason: reason.slice(0, maxReasonLength) };
}
const maxReasonLength = 32;

/** A row with what its run says: how good it is, what it has used, whether it has ended. */
export function learnTrial(
  row: TrialRow,
  run: TrainingRun | undefined,
  spec: TrainingSweepSpec,
  nowMs: number,
): TrialRow {
  if (run === undefined || row.phase === 'Succeeded' || row.phase === 'Failed') return row;
  const measurement = measure(spec.objective, run.status ?? {});
  const gpuHours = Number(gpuHoursOf(run, nowMs).toFixed(4));
  const learned: TrialRow = { ...row, ...(gpuHours === 0 ? {} : { gpuHours }) };
  if (measurement !== undefined) {
    const value = Number(measurement.value.toPrecision(6));
    const { epoch } = measurement;
    const rungs = spec.stopping.algorithm === 'none' ? [] : rungEpochs(spec.stopping, epochsOf(run));
    const values = withEvaluation(row.values ?? [], rungs, { value, epoch });
    Object.assign(learned, { value, epoch }, values.length === 0 ? {} : { values });
  }
  switch (run.status?.phase) {
    case 'Succeeded':
      return learned.value === undefined
        ? moveTrial(learned, 'Failed', nowMs, 'NoMetric')
        : moveTrial(learned, 'Succeeded', nowMs);
    case 'Failed':
      return moveTrial(learned, 'Failed', nowMs, failureOf(run));
    default:
      return learned;
  }
}

function failureOf({ status }: TrainingRun): string {
  const failed = status?.conditions?.find(({ type, status: is }) => type === 'Failed' && is === 'True');
  return status?.lastFailure?.reason ?? failed?.reason ?? 'RunFailed';
}

/** Tells whether a trial that did not pass its rung may now. */
export function promotion(rows: readonly TrialRow[], spec: TrainingSweepSpec): (row: TrialRow) => boolean {
  // Every rung once, and not once for each trial that waits there.
  const lossesOf = new Map<number, readonly number[]>();
  return (row) => {
    const rung = (row.values?.length ?? 0) - 1;
    const losses = lossesOf.get(rung) ?? lossesAt(rung, rows, spec).sort((left, right) => left - right);
    lossesOf.set(rung, losses);
    const loss = lossAt(rung, row, spec);
    return loss === undefined || mayPassRung(loss, losses, spec.stopping.reductionFactor);
  };
}

/**
 * Pauses or stops the trials that have come to a rung since `before` and are not good enough there. It is decided once
 * for each rung, when its value is first written: who was let past stays past.
 */
export function stopLosers(
  before: readonly TrialRow[],
  rows: readonly TrialRow[],
  spec: TrainingSweepSpec,
  nowMs: number,
): TrialRow[] {
  const { algorithm, minTrials } = spec.stopping;
  const isPromoted = promotion(rows, spec);
  return rows.map((row, index) => {
    const rung = (row.values?.length ?? 0) - 1;
    const isNew = rung >= (before[index]?.values?.length ?? 0);
    if (row.phase !== 'Active' || !isNew) return row;
    if (algorithm === 'asha') {
      return isPromoted(row) ? row : moveTrial(row, 'Paused', nowMs, 'NotPromoted');
    }
    const others = lossesAt(
      rung,
      rows.filter((other) => other !== row),
      spec,
    );
    return isWorseThanMedian(lossAt(rung, row, spec) ?? -Infinity, others, minTrials)
      ? moveTrial(row, 'Stopped', nowMs, 'BelowMedian')
      : row;
  });
}

function lossAt(rung: number, { values }: TrialRow, { objective }: TrainingSweepSpec): number | undefined {
  const value = values?.[rung];
  return value === undefined ? undefined : lossOf(objective, value);
}

function lossesAt(rung: number, rows: readonly TrialRow[], spec: TrainingSweepSpec): number[] {
  return rows.map((row) => lossAt(rung, row, spec)).filter((loss) => loss !== undefined);
}

/** Whether a run does nothing and will do nothing by itself. */
export function isAtRest(run: TrainingRun): boolean {
  return run.status?.phase === 'Suspended' || isFinalPhase(run.status?.phase);
}
