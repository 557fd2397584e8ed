import { toTimestamp } from '../base/clock.ts';
import type { RunReason } from '../api/v1alpha1/reasons.ts';
import type { LastFailure, Phase, TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { backoffMs } from './backoff.ts';
import { noLonger, setConditions, type ConditionChange, type Occasion } from './conditions.ts';
import { startDeadlineClock, stopDeadlineClock } from './deadline.ts';
import { describeFailure, type Judgement } from './failure.ts';
import type { PodFailure } from './pod-failure.ts';

/**
 * Phases that may follow each phase. Succeeded and Failed are final. A run passes through Suspending even when no pod
 * is left, so that `kubectl get -w` always shows the same way.
 */
export const followingPhases: Readonly<Record<Phase, readonly Phase[]>> = {
  Pending: ['Queued', 'Starting', 'Suspended', 'Failed'],
  Queued: ['Starting', 'Suspended', 'Failed'],
  Starting: ['Running', 'Restarting', 'Suspending', 'Succeeded', 'Failed'],
  Running: ['Restarting', 'Suspending', 'Succeeded', 'Failed'],
  Restarting: ['Queued', 'Starting', 'Suspending', 'Failed'],
  Suspending: ['Suspended', 'Queued', 'Succeeded', 'Failed'],
  Suspended: ['Queued', 'Starting', 'Failed'],
  Succeeded: [],
  Failed: [],
};

export function isFinalPhase(phase: Phase | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Old pods have to end before the first attempt. */
export function enterPending(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus {
  return move(status, 'Pending', [], occasion);
}

/** No pod is made until Kueue has admitted the run. The deadline's clock stands still. */
export function enterQueued(
  status: TrainingRunStatus,
  reason: RunReason,
  message: string,
  occasion: Occasion,
): TrainingRunStatus {
  const kept = stopDeadlineClock(status, occasion.nowMs);
  delete kept.nextAttemptAt;
  return move(
    kept,
    'Queued',
    [
      ...noLonger(status, ['Running', 'Restarting', 'Suspended'], reason, message),
      { type: 'Admitted', status: 'False', reason, message },
    ],
    occasion,
  );
}

/** Kueue takes the place back: pods get SIGTERM and save, and the run queues again. Nothing is charged for it. */
export function enterEvicted(status: TrainingRunStatus, why: string, occasion: Occasion): TrainingRunStatus {
  const kept = stopDeadlineClock(status, occasion.nowMs);
  delete kept.nextAttemptAt;
  const message = `Pods are saving their last checkpoint and ending. ${why}`;
  return move(
    kept,
    'Suspending',
    [
      ...noLonger(status, ['Running', 'Restarting'], 'QueueEvicted', message),
      { type: 'Admitted', status: 'False', reason: 'QueueEvicted', message },
    ],
    occasion,
  );
}

/**
 * A new attempt begins. Its number stands in the status before any of its pods is made, except that of the first.
 * @param more conditions that say who gave the gang its place
 */
export function enterStarting(
  status: TrainingRunStatus,
  attempt: number,
  occasion: Occasion,
  more: readonly ConditionChange[] = [],
): TrainingRunStatus {
  const { run, nowMs } = occasion;
  const isResumed = status.phase === 'Suspended';
  const kept = { ...status };
  delete kept.nextAttemptAt;
  delete kept.attemptFromStep;
  delete kept.skippedCheckpoints;
  const pods = run.spec.trainers.pods;
  const started: TrainingRunStatus = {
    ...startDeadlineClock(kept, nowMs),
    attempt,
    attemptStartedAt: toTimestamp(nowMs),
    ...(status.checkpoint === undefined ? {} : { attemptFromStep: status.checkpoint.step }),
    startTime: isResumed || status.startTime === undefined ? toTimestamp(nowMs) : status.startTime,
    restarts: status.restarts ?? { total: 0, charged: 0 },
    trainers: { desired: pods, ready: 0, failed: 0, selector: status.trainers?.selector ?? '' },
  };
  return move(
    started,
    'Starting',
    [
      { type: 'Running', status: 'False', reason: 'GangStarting', message: startingMessage(attempt, pods) },
      ...noLonger(status, ['Suspended'], 'Resumed', 'spec.suspend is false again.'),
      ...more,
    ],
    occasion,
  );
}

function startingMessage(attempt: number, pods: number): string {
  return `Attempt ${attempt} starts with ${countOf(pods, 'pod')}.`;
}

/** Says in the condition what a gang that is starting waits for. */
export function explainStarting(
  status: TrainingRunStatus,
  obstacle: { readonly reason: RunReason; readonly message: string } | undefined,
  occasion: Occasion,
): TrainingRunStatus {
  const message = startingMessage(status.attempt ?? 1, status.trainers?.desired ?? 1);
  return {
    ...status,
    conditions: setConditions(
      status.conditions,
      [
        {
          type: 'Running',
          status: 'False',
          reason: obstacle?.reason ?? 'GangStarting',
          message: obstacle === undefined ? message : `${message} ${obstacle.message}`,
        },
      ],
      occasion,
    ),
  };
}

export function enterRunning(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus {
  const message = `All ${countOf(status.trainers?.desired ?? 1, 'pod')} of attempt ${status.attempt ?? 1} run.`;
  return move(
    status,
    'Running',
    [
      { type: 'Running', status: 'True', reason: 'TrainersRunning', message },
      ...noLonger(status, ['Restarting'], 'TrainersRunning', message),
    ],
    occasion,
  );
}

/** The attempt has ended and another follows once the old pods are gone and the backoff is over. */
export function enterRestarting(
  status: TrainingRunStatus,
  failure: PodFailure,
  { restarts, isCharged }: Extract<Judgement, { action: 'restart' }>,
  occasion: Occasion,
): TrainingRunStatus {
  const policy = occasion.run.spec.failurePolicy;
  const waitMs = backoffMs(policy, restarts.withoutProgress ?? 1);
  const cost = isCharged ? `restart ${restarts.charged} of ${policy.maxRestarts}` : 'not charged';
  const message = `Attempt ${status.attempt ?? 1} ended (${cost}): ${describeFailure(failure)}`;
  return move(
    {
      ...status,
      restarts,
      lastFailure: lastFailure(status, failure),
      // Whole seconds, rounded up: the wait is never shorter than the policy says, and there is none for none.
      ...(waitMs === 0
        ? {}
        : { nextAttemptAt: toTimestamp(Math.ceil((occasion.nowMs + waitMs) / 1000) * 1000) }),
    },
    'Restarting',
    [
      ...noLonger(status, ['Running'], 'RestartScheduled', message),
      { type: 'Restarting', status: 'True', reason: 'RestartScheduled', message },
    ],
    occasion,
  );
}

/** `spec.suspend` was set: pods get SIGTERM and save. The deadline's clock stops. */
export function enterSuspending(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus {
  const kept = stopDeadlineClock(status, occasion.nowMs);
  delete kept.nextAttemptAt;
  const message = 'Pods are saving their last checkpoint and ending.';
  return move(
    kept,
    'Suspending',
    [
      ...noLonger(status, ['Running', 'Restarting'], 'Suspending', message),
      { type: 'Suspended', status: 'False', reason: 'Suspending', message },
    ],
    occasion,
  );
}

export function enterSuspended(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus {
  const message = 'No pod runs until spec.suspend is false.';
  return move(
    stopDeadlineClock(status, occasion.nowMs),
    'Suspended',
    [
      { type: 'Suspended', status: 'True', reason: 'Suspended', message },
      // Its place in the queue, if it has one, is given back.
      ...noLonger(status, ['Admitted'], 'Suspended', message),
    ],
    occasion,
  );
}

export function enterSucceeded(status: TrainingRunStatus, occasion: Occasion): TrainingRunStatus {
  const { top1, epochs } = status.result ?? {};
  const message =
    top1 === undefined || epochs === undefined
      ? 'Training finished.'
      : `Training finished: top-1 ${(100 * top1).toFixed(2)} % after ${countOf(epochs, 'epoch')}.`;
  return finish(
    status,
    'Succeeded',
    { type: 'Complete', status: 'True', reason: 'Succeeded', message },
    occasion,
  );
}

/** @param failure the pod that brought it about, when one did */
export function enterFailed(
  status: TrainingRunStatus,
  reason: RunReason,
  message: string,
  occasion: Occasion,
  failure?: PodFailure,
): TrainingRunStatus {
  const told = failure === undefined ? status : { ...status, lastFailure: lastFailure(status, failure) };
  return finish(told, 'Failed', { type: 'Failed', status: 'True', reason, message }, occasion);
}

function finish(
  status: TrainingRunStatus,
  phase: 'Succeeded' | 'Failed',
  condition: ConditionChange & { readonly reason: RunReason },
  occasion: Occasion,
): TrainingRunStatus {
  const kept = stopDeadlineClock(status, occasion.nowMs);
  delete kept.nextAttemptAt;
  return move(
    { ...kept, completionTime: toTimestamp(occasion.nowMs) },
    phase,
    [
      ...noLonger(status, ['Running', 'Restarting', 'Suspended'], condition.reason, condition.message),
      condition,
    ],
    occasion,
  );
}

function lastFailure(status: TrainingRunStatus, failure: PodFailure): LastFailure {
  const { pod, reason, message, exitCode, rank, atMs } = failure;
  return {
    attempt: status.attempt ?? 1,
    pod,
    reason,
    message: message.slice(0, 2048),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(rank === undefined ? {} : { rank }),
    at: toTimestamp(atMs),
  };
}

function move(
  status: TrainingRunStatus,
  phase: Phase,
  changes: readonly ConditionChange[],
  occasion: Occasion,
): TrainingRunStatus {
  return { ...status, phase, conditions: setConditions(status.conditions, changes, occasion) };
}

/** `1 pod`, `2 pods`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
