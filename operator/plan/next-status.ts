import { fromTimestamp } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { ConditionChange, Occasion } from './conditions.ts';
import { deadlineAtMs } from './deadline.ts';
import { hasFirstAttempt } from './first-attempt.ts';
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
import type { ObservedRun, PlanSettings } from './observed-run.ts';
import {
  enterFailed,
  enterPending,
  enterRestarting,
  enterRunning,
  enterStarting,
  enterSucceeded,
  enterSuspended,
  enterSuspending,
  enterEvicted,
  enterQueued,
  explainStarting,
} from './phases.ts';
import type { PodFailure } from './pod-failure.ts';
import { podGroupCondition, podGroupObstacle } from './pod-groups.ts';
import { evictionOf, isQueued, readQueue } from './queueing.ts';

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
  settings: PlanSettings,
): TrainingRunStatus {
  const occasion: Occasion = { run, nowMs: observed.nowMs };
  const begin = () => beginAttempt(status, gang, occasion, observed, settings);
  const phase = status.phase ?? 'Pending';
  switch (phase) {
    case 'Pending':
    case 'Queued':
      if (run.spec.suspend) return enterSuspended(status, occasion);
      return begin() ?? (phase === 'Queued' ? status : enterPending(status, occasion));
    case 'Starting':
    case 'Running':
      return (
        complete(status, gang, occasion) ??
        expire(status, occasion) ??
        suspend(status, occasion) ??
        evict(status, occasion, observed, settings) ??
        fail(status, gang, observed, occasion) ??
        proceed(status, gang, occasion, observed, settings)
      );
    case 'Restarting':
      return (
        expire(status, occasion) ??
        suspend(status, occasion) ??
        evict(status, occasion, observed, settings) ??
        (observed.nowMs < (fromTimestamp(status.nextAttemptAt) ?? 0) ? status : (begin() ?? status))
      );
    case 'Suspending':
      // A gang that finished before it was told to stop has finished.
      return (
        complete(status, gang, occasion) ??
        (gang.pods.length > 0 ? status : rest(status, occasion, observed, settings))
      );
    case 'Suspended':
      return run.spec.suspend ? status : (begin() ?? status);
    case 'Succeeded':
    case 'Failed':
      return status;
    default:
      return assertNever(phase);
  }
}

/** The next attempt, once no pod of an older one can still train or save and the queue, if there is one, allows it. */
function beginAttempt(
  status: TrainingRunStatus,
  gang: Gang,
  occasion: Occasion,
  { queue, podGroups, refusal }: ObservedRun,
  settings: PlanSettings,
): TrainingRunStatus | undefined {
  const isMade = hasFirstAttempt(occasion.run, status, gang);
  if (!isMade && gang.pods.some(mayBeAlive)) return undefined;
  const verdict = readQueue(occasion.run, queue, settings);
  if (verdict.type === 'waiting') {
    const message = queue?.workload === undefined ? (refusal?.message ?? verdict.message) : verdict.message;
    return enterQueued(status, verdict.reason, message, occasion);
  }
  if (verdict.type === 'refused') return enterFailed(status, 'PlacementConflict', verdict.message, occasion);
  // Pods know better than a status that was lost, for instance when a cluster was restored without it.
  const lastAttempt = Math.max(gang.attempt, ...gang.pods.map(attemptOf));
  const place: readonly ConditionChange[] = [
    ...(verdict.type === 'admitted'
      ? ([
          {
            type: 'Admitted',
            status: 'True',
            reason: 'Admitted',
            message: `Admitted by ClusterQueue ${verdict.clusterQueue}.`,
          },
        ] as const)
      : []),
    ...(settings.hasSchedulingApis === true ? podGroupCondition(occasion.run, podGroups) : []),
  ];
  const attempt = isMade ? lastAttempt : lastAttempt + 1;
  return enterStarting(withoutFormerPlace(status, place), attempt, occasion, place);
}

/** What was said of a queue, or of a way to place the gang, that the spec asks for no longer means nothing any more. */
function withoutFormerPlace(status: TrainingRunStatus, place: readonly ConditionChange[]): TrainingRunStatus {
  const isFormer = (type: string) =>
    (type === 'Admitted' || type === 'GangScheduled') && !place.some((change) => change.type === type);
  const { conditions } = status;
  return conditions === undefined
    ? status
    : { ...status, conditions: conditions.filter(({ type }) => !isFormer(type)) };
}

/** The queue takes the place back. */
function evict(
  status: TrainingRunStatus,
  occasion: Occasion,
  { queue }: ObservedRun,
  settings: PlanSettings,
): TrainingRunStatus | undefined {
  const why = evictionOf(occasion.run, queue, settings, status.phase === 'Starting');
  return why === undefined ? undefined : enterEvicted(status, why, occasion);
}

/** Where a run goes whose pods are all gone. */
function rest(
  status: TrainingRunStatus,
  occasion: Occasion,
  { queue }: ObservedRun,
  settings: PlanSettings,
): TrainingRunStatus {
  const { run } = occasion;
  if (run.spec.suspend || !isQueued(run, settings)) return enterSuspended(status, occasion);
  const verdict = readQueue(run, queue, settings);
  return verdict.type === 'waiting'
    ? enterQueued(status, verdict.reason, verdict.message, occasion)
    : enterQueued(status, 'WaitsForAdmission', 'It is admitted again.', occasion);
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
  occasion: Occasion,
  { queue, podGroups, refusal }: ObservedRun,
  settings: PlanSettings,
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
  const verdict = readQueue(occasion.run, queue, settings);
  const message =
    verdict.type === 'waiting'
      ? verdict.message
      : (podGroupObstacle(occasion.run, gang.attempt, podGroups) ??
        (obstacle && `Pod ${obstacle.pod.metadata.name}: ${obstacle.reason} ${obstacle.message}`.trimEnd()));
  return explainStarting(
    status,
    message === undefined ? undefined : { reason: 'GangStarting', message },
    occasion,
  );
}
