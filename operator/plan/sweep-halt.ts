import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { SweepReason, TrialReason } from '../api/v1alpha1/reasons.ts';
import type { TrainingSweepStatus, TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { usedUp } from '../search/budget.ts';
import { reachesGoal } from '../search/objective.ts';
import { trialName } from '../search/trials.ts';
import { countOf } from './phases.ts';

/** Why no trial may run now. */
export interface Halt {
  /** What the rows of trials that would run say. */
  readonly trialReason: TrialReason;
  readonly reason: SweepReason;
  readonly message: string;
}

/** A stored sweep that this version does not accept. */
export function invalid(message: string): Halt {
  return { trialReason: 'SweepFailed', reason: 'InvalidSpec', message };
}

/** What forbids that any trial runs now, if anything does. */
export function haltOf(
  sweep: TrainingSweep,
  status: TrainingSweepStatus,
  rows: readonly TrialRow[],
  nowMs: number,
): Halt | undefined {
  const { spec } = sweep;
  const failed = rows.filter(({ phase }) => phase === 'Failed').length;
  if (failed > spec.maxFailedTrials) {
    const message = `${countOf(failed, 'trial')} failed, more than spec.maxFailedTrials (${spec.maxFailedTrials}).`;
    return { trialReason: 'SweepFailed', reason: 'TooManyFailedTrials', message };
  }
  const winner = rows.find(
    ({ phase, value }) => phase === 'Succeeded' && value !== undefined && reachesGoal(spec.objective, value),
  );
  if (winner !== undefined) {
    const message = `Trial ${trialName(sweep, winner.index)} reached spec.objective.goal with ${winner.value ?? ''}.`;
    return { trialReason: 'GoalReached', reason: 'GoalReached', message };
  }
  if (spec.suspend)
    return {
      trialReason: 'Suspended',
      reason: 'Suspended',
      message: 'No trial runs until spec.suspend is false.',
    };
  const spent = usedUp(sweep, status, nowMs);
  return spent === undefined ? undefined : { trialReason: 'Budget', reason: 'BudgetUsedUp', message: spent };
}
