import { fromTimestamp } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Occasion } from './conditions.ts';
import { deadlineAtMs } from './deadline.ts';
import { findFailure, hungFailure, judge, mixedGangFailure, startTimeoutFailure } from './failure.ts';
import {
  attemptOf,
  isWholeGangRunning,
  isWholeGangSucceeded,
  mayBeAlive,
  missingIndices,
  obstacleOf,
  startTimeoutAtMs,
  type Gang,
} from './gang.ts';
import { hangAtMs } from './hang.ts';
import type { ObservedRun } from './observed-run.ts';
import {
  enterFailed,
  enterPending,
  enterRestarting,
  enterRunning,
  enterStarting,
  enterSucceeded,
  enterSuspended,
  enterSuspending,
  explainStarting,
} from './phases.ts';
import type { PodFailure } from './pod-failure.ts';

/**
 * Takes a run that is not finished at most one phase further. What it decides is a function of the status and the
 * observed pods alone, so an operator that died in between decides the same again.
 * @param run the observed run, validated and defaulted
 * @param status the stored status with the newest progress
 */
export function nextStatus(
  run: TrainingRun,
  status: TrainingRunStatus,
  gang: Gang,
  observed: ObservedRun,
): TrainingRunStatus {
  const occasion: Occasion = { run, nowMs: observed.nowMs };
  const phase = status.phase ?? 'Pending';
  switch (phase) {
    case 'Pending':
    case 'Queued':
      if (run.spec.suspend) return enterSuspended(status, occasion);
      return beginAttempt(status, gang, occasion) ?? enterPending(status, occasion);
    case 'Starting':
    case 'Running':
      return (
        complete(status, gang, occasion) ??
        expire(status, occasion) ??
        suspend(status, occasion) ??
        fail(status, gang, observed, occasion) ??
        proceed(status, gang, observed, occasion)
      );
    case 'Restarting':
      return (
        expire(status, occasion) ??
        suspend(status, occasion) ??
        (observed.nowMs < (fromTimestamp(status.nextAttemptAt) ?? 0)
          ? status
          : (beginAttempt(status, gang, occasion) ?? status))
      );
    case 'Suspending':
      // A gang that finished before it was told to stop has finished.
      return (
        complete(status, gang, occasion) ??
        (gang.pods.length === 0 ? enterSuspended(status, occasion) : status)
      );
    case 'Suspended':
      return run.spec.suspend ? status : (beginAttempt(status, gang, occasion) ?? status);
    case 'Succeeded':
    case 'Failed':
      return status;
    default:
      return assertNever(phase);
  }
}

/** The next attempt, once no pod of an older one can still train or save. */
function beginAttempt(
  status: TrainingRunStatus,
  gang: Gang,
  occasion: Occasion,
): TrainingRunStatus | undefined {
  if (gang.pods.some(mayBeAlive)) return undefined;
  // Pods know better than a status that was lost, for instance when a cluster was restored without it.
  const lastAttempt = Math.max(gang.attempt, ...gang.pods.map(attemptOf));
  return enterStarting(status, lastAttempt + 1, occasion);
}

function complete(status: TrainingRunStatus, gang: Gang, occasion: Occasion): TrainingRunStatus | undefined {
  return isWholeGangSucceeded(gang) ? enterSucceeded(status, occasion) : undefined;
}

function expire(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus | undefined {
  const { spec } = occasion.run;
  if (occasion.nowMs < (deadlineAtMs(spec, status) ?? Infinity)) return undefined;
  const message = `The run was not finished within ${spec.activeDeadline ?? ''} of time not suspended.`;
  return enterFailed(status, 'DeadlineExceeded', message, occasion);
}

function suspend(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus | undefined {
  return occasion.run.spec.suspend ? enterSuspending(status, occasion) : undefined;
}

function fail(
  status: TrainingRunStatus,
  gang: Gang,
  observed: ObservedRun,
  occasion: Occasion,
): TrainingRunStatus | undefined {
  const failure = failureOf(status, gang, observed, occasion);
  if (failure === undefined) return undefined;
  const judgement = judge(failure, occasion.run.spec.failurePolicy, status);
  return judgement.action === 'restart'
    ? enterRestarting(status, failure, judgement, occasion)
    : enterFailed(status, judgement.reason, judgement.message, occasion, failure);
}

function failureOf(
  status: TrainingRunStatus,
  gang: Gang,
  observed: ObservedRun,
  { run, nowMs }: Occasion,
): PodFailure | undefined {
  const { startTimeout, hangTimeout } = run.spec.failurePolicy;
  const found = findFailure(run.metadata.name, gang, status, nowMs);
  if (found !== undefined) return 'failure' in found ? found.failure : undefined;
  const mixed = status.phase === 'Starting' ? mixedGangFailure(gang, run.spec, nowMs) : undefined;
  if (mixed !== undefined) return mixed;
  if (nowMs >= (startTimeoutAtMs(run.spec, status, gang) ?? Infinity)) {
    return startTimeoutFailure(gang, startTimeout, nowMs);
  }
  if (nowMs >= (hangAtMs(run.spec, status, observed) ?? Infinity)) {
    return hungFailure(run.metadata.name, gang, hangTimeout, nowMs);
  }
  return undefined;
}

function proceed(
  status: TrainingRunStatus,
  gang: Gang,
  { refusal }: ObservedRun,
  occasion: Occasion,
): TrainingRunStatus {
  if (status.phase !== 'Starting') return status;
  if (isWholeGangRunning(gang)) return enterRunning(status, occasion);
  if (refusal !== undefined && missingIndices(gang).length > 0)
    return explainStarting(
      status,
      { reason: refusal.isQuota ? 'QuotaExceeded' : 'CreationFailed', message: refusal.message },
      occasion,
    );
  const obstacle = obstacleOf(gang);
  return explainStarting(
    status,
    obstacle && {
      reason: 'GangStarting',
      message: `Pod ${obstacle.pod.metadata.name}: ${obstacle.reason} ${obstacle.message}`.trimEnd(),
    },
    occasion,
  );
}
