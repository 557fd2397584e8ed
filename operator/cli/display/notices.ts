import type { LastFailure, TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { announceSkipped } from '../../plan/attempt-start.ts';
import { formatSeconds } from './figures.ts';
import { nameOf } from './run-block.ts';

/** Lines about what went wrong or on between two looks at a run: failures, restarts and the end. */
export function noticesBetween(before: TrainingRun | undefined, run: TrainingRun, nowMs: number): string[] {
  const notices: string[] = [];
  const status = run.status ?? {};
  const previous = before?.status ?? {};
  const { lastFailure } = status;
  if (lastFailure !== undefined && !isSameFailure(lastFailure, previous.lastFailure)) {
    notices.push(`${nameOf(run)}: ${describeFailure(lastFailure)}${describeNext(status, nowMs)}`);
  }
  if ((status.attempt ?? 1) > (previous.attempt ?? status.attempt ?? 1)) {
    notices.push(`${nameOf(run)}: attempt ${status.attempt ?? 1} starts${describeStart(status)}`);
  }
  notices.push(...announceSkipped(previous, status).map(({ message }) => `${nameOf(run)}: ${message}`));
  if (status.phase === 'Failed' && previous.phase !== 'Failed') {
    const reason = failedCondition(status);
    if (reason !== undefined) notices.push(`${nameOf(run)}: failed: ${reason}`);
  }
  return notices;
}

/** Who failed first and why: `attempt 1 failed: RankKilled, rank 1, exit code 137: ...`. */
export function describeFailure(failure: LastFailure): string {
  const { attempt, reason, rank, exitCode, message, pod } = failure;
  const parts = [
    reason,
    rank === undefined ? `pod ${pod}` : `rank ${rank} of ${pod}`,
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
  ];
  return `attempt ${attempt} failed: ${parts.join(', ')}: ${message}`;
}

/** Why a run failed for good, from its condition. */
export function failedCondition({ conditions = [] }: TrainingRunStatus): string | undefined {
  const failed = conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  return failed === undefined ? undefined : `${failed.reason}: ${failed.message}`;
}

function describeNext({ phase, nextAttemptAt }: TrainingRunStatus, nowMs: number): string {
  const nextMs = fromTimestamp(nextAttemptAt);
  if (phase !== 'Restarting' || nextMs === undefined) return '';
  return `; starting again in ${formatSeconds(Math.max(0, Math.round((nextMs - nowMs) / 1000)))}`;
}

function describeStart({ attemptFromStep, checkpoint }: TrainingRunStatus): string {
  const step = attemptFromStep ?? checkpoint?.step;
  return step === undefined ? ' from the beginning' : ` from the checkpoint of step ${step}`;
}

function isSameFailure(failure: LastFailure, other: LastFailure | undefined): boolean {
  return failure.attempt === other?.attempt && failure.at === other.at && failure.reason === other.reason;
}
