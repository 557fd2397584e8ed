import { parseDurationMs, formatDurationMs } from '../base/durations.ts';
import { assertNever } from '../base/errors.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Announcement } from './action.ts';
import { backoffMs } from './backoff.ts';
import { countOf } from './phases.ts';

/**
 * What to tell the people who watch a run about a change of its status: one line for each new phase. That the first
 * attempt starts, runs and succeeds is told by the conditions, and is what everybody expects; events for it would be a
 * third of all requests of a run.
 */
export function announce(
  run: TrainingRun,
  before: TrainingRunStatus,
  after: TrainingRunStatus,
): Announcement[] {
  const { phase } = after;
  if (phase === undefined || (phase === before.phase && after.attempt === before.attempt)) return [];
  switch (phase) {
    case 'Pending':
    case 'Queued':
      return [];
    case 'Starting':
      if (after.attempt === 1) return [];
      return [
        {
          type: 'Normal',
          reason: before.phase === 'Suspended' ? 'Resumed' : 'GangStarting',
          message: describeStart(run, after),
        },
      ];
    case 'Running':
      return after.attempt === 1 ? [] : [normal(after, 'Running')];
    case 'Restarting':
      return [
        {
          type: 'Warning',
          reason: 'RestartScheduled',
          message: `${messageOf(after, 'Restarting')}. ${describeWait(run, after)}`,
        },
      ];
    case 'Suspending':
      return [normal(after, run.spec.suspend ? 'Suspended' : 'Admitted')];
    case 'Suspended':
      return [normal(after, 'Suspended')];
    case 'Succeeded':
      return after.attempt === 1 ? [] : [normal(after, 'Complete')];
    case 'Failed':
      return [{ ...normal(after, 'Failed'), type: 'Warning' }];
    default:
      return assertNever(phase);
  }
}

/** Announces that a finished run is about to be deleted. */
export function announceExpiry({ spec }: TrainingRun): Announcement {
  const ttl = formatDurationMs(parseDurationMs(spec.ttlAfterFinished ?? '0s'));
  return { type: 'Normal', reason: 'Expired', message: `The run finished ${ttl} ago and is deleted.` };
}

function describeStart({ spec }: TrainingRun, status: TrainingRunStatus): string {
  const { attempt = 1, attemptFromStep, trainers } = status;
  const pods = countOf(trainers?.desired ?? spec.trainers.pods, 'pod');
  const from = attemptFromStep === undefined ? '' : ` from the checkpoint of step ${attemptFromStep}`;
  return `Attempt ${attempt} starts with ${pods} of ${countOf(spec.trainers.gpusPerPod, 'rank')}${from}.`;
}

function describeWait({ spec }: TrainingRun, { attempt = 1, restarts }: TrainingRunStatus): string {
  const wait = formatDurationMs(backoffMs(spec.failurePolicy, restarts?.withoutProgress ?? 1));
  return `Attempt ${attempt + 1} starts in ${wait}.`;
}

function normal(status: TrainingRunStatus, condition: string): Announcement {
  const { reason, message } = status.conditions?.find(({ type }) => type === condition) ?? {};
  return { type: 'Normal', reason: reason ?? condition, message: message ?? '' };
}

function messageOf(status: TrainingRunStatus, condition: string): string {
  return status.conditions?.find(({ type }) => type === condition)?.message ?? '';
}
