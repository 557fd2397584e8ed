import { labels } from '../api/v1alpha1/group.ts';
import { fromTimestamp, toTimestamp } from '../base/clock.ts';
import { validateStoredRun } from '../api/v1alpha1/validate.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { FieldProblem, Validation } from '../api/v1alpha1/validation.ts';
import type { Action, Announcement } from './action.ts';
import { announce, announceExpiry } from './announcements.ts';
import { announceSkipped } from './attempt-start.ts';
import { deletePods } from './cleanup.ts';
import { deadlineAtMs } from './deadline.ts';
import { evictionCostDueAtMs } from './eviction-cost.ts';
import { findFailure } from './failure.ts';
import { isFinished, isReady, mayBeAlive, ownedPods, readGang, startTimeoutAtMs, type Gang } from './gang.ts';
import { hangAtMs } from './hang.ts';
import { actionsFor } from './intended-objects.ts';
import { isForeign } from './managed-by.ts';
import { nextStatus } from './next-status.ts';
import { forcedDeletions, forceDeletionTimes } from './node-loss.ts';
import type { ObservedRun, PlanSettings } from './observed-run.ts';
import { enterFailed, isFinalPhase } from './phases.ts';
import { learnProgress, progressAtRest } from './progress.ts';
import { deleteWorkload } from './queue-actions.ts';
import { isOver } from './queueing.ts';
import { expiresAtMs } from './ttl.ts';

/** What should be done about a run now. */
export interface Plan {
  /** The whole intended status. It is written before anything is done but what beside-status.ts names. */
  readonly status: TrainingRunStatus;
  readonly actions: readonly Action[];
  readonly announcements: readonly Announcement[];
  /** Plan again after so long even if nothing happens; absent: only when something does. */
  readonly requeueAfterMs?: number;
  /** Address of the pod whose trainer tells the progress; absent when there is nobody to ask. */
  readonly readProgressFrom?: string;
}

/**
 * Decides what should exist of a run and what its status should say. Pure: the same observation gives the same plan,
 * and a plan made after one was carried out asks for nothing.
 * @param validate does what {@link validateStoredRun} does, perhaps faster
 */
export function planRun(
  observed: ObservedRun,
  settings: PlanSettings,
  validate: (run: TrainingRun) => Validation = validateStoredRun,
): Plan {
  const { run, nowMs } = observed;
  const before = run.status ?? {};
  // A run that is being deleted takes its pods along through their owner references.
  if (isForeign(run) || run.metadata.deletionTimestamp !== undefined) {
    return { status: before, actions: [], announcements: [] };
  }
  const validation = validate(run);
  if (!validation.ok) return planInvalid(observed, before, validation.problems);
  const valid = validation.run;
  if (isFinalPhase(before.phase)) return planFinished(valid, before, observed, settings);
  const gang = readGang(valid, observed.pods, before);
  const learned = learnProgress(before, gang, observed);
  const decided = nextStatus(valid, learned, gang, observed, settings);
  const decidedGang = readGang(valid, observed.pods, decided);
  const after = complete(valid, decided, decidedGang);
  const address = progressAddress(after, decidedGang);
  return {
    status: after,
    actions: [
      ...actionsFor(valid, after, decidedGang, observed, settings),
      ...forcedDeletions(valid.spec, decidedGang.pods, nowMs),
    ],
    announcements: [...announceSkipped(before, after), ...announce(valid, before, after)],
    ...requeue(dueTimes(valid, after, decidedGang, observed), nowMs),
    ...(address === undefined ? {} : { readProgressFrom: address }),
  };
}

/** A finished run is only cleaned up, and deleted when its time has come. Its status stays as it is. */
function planFinished(
  run: TrainingRun,
  before: TrainingRunStatus,
  observed: ObservedRun,
  settings: PlanSettings,
): Plan {
  const { pods, nowMs } = observed;
  const status =
    before.completionTime === undefined ? { ...before, completionTime: toTimestamp(nowMs) } : before;
  const expiry = expiresAtMs(run.spec, status);
  if (expiry !== undefined && nowMs >= expiry) {
    return {
      status,
      actions: [{ type: 'deleteRun', uid: run.metadata.uid ?? '' }],
      announcements: [announceExpiry(run)],
    };
  }
  const gang = readGang(run, pods, status);
  return {
    status,
    actions: [
      ...actionsFor(run, status, gang, observed, settings),
      ...forcedDeletions(run.spec, gang.pods, nowMs),
    ],
    announcements: [],
    ...requeue([expiry, ...forceDeletionTimes(run.spec, gang.pods)], nowMs),
  };
}

/**
 * A stored object that this version does not accept, perhaps written past the API's validation, ends with the reason.
 * Nothing of it goes on, and once no pod can use the quota of its queue any more it is given back.
 */
function planInvalid(
  { run, nowMs, pods, queue }: ObservedRun,
  before: TrainingRunStatus,
  problems: readonly FieldProblem[],
): Plan {
  const message = problems.map(({ path, message: text }) => `${path} ${text}`).join('; ');
  const status = isFinalPhase(before.phase)
    ? before
    : observedGeneration(run, enterFailed(before, 'InvalidSpec', message, { run, nowMs }));
  const alive = ownedPods(run, pods).filter(mayBeAlive);
  const workload = alive.length === 0 ? queue?.workload : undefined;
  return {
    status,
    actions: [
      ...deletePods(alive),
      ...(workload === undefined || isOver(workload) ? [] : deleteWorkload(workload)),
    ],
    announcements: announce(run, before, status),
  };
}

/** Fills in what every status says, whatever was decided. */
function complete(run: TrainingRun, status: TrainingRunStatus, gang: Gang): TrainingRunStatus {
  const members = [...gang.members.values()];
  const isTraining = status.phase === 'Running';
  return observedGeneration(run, {
    ...status,
    ...(status.progress === undefined || isTraining
      ? {}
      : { progress: progressAtRest(status.progress, status.phase === 'Succeeded') }),
    trainers: {
      desired: gang.size,
      ready: members.filter((pod) => isReady(pod) && !isFinished(pod)).length,
      failed: members.filter((pod) => pod.status?.phase === 'Failed').length,
      selector: `${labels.runUid}=${run.metadata.uid ?? ''}`,
    },
  });
}

function observedGeneration({ metadata }: TrainingRun, status: TrainingRunStatus): TrainingRunStatus {
  return metadata.generation === undefined ? status : { ...status, observedGeneration: metadata.generation };
}

function progressAddress({ phase }: TrainingRunStatus, { members }: Gang): string | undefined {
  if (phase !== 'Starting' && phase !== 'Running') return undefined;
  const leader = members.get(0);
  return leader?.status?.phase === 'Running' ? leader.status.podIP : undefined;
}

/** Every moment at which time alone changes the plan. */
function dueTimes(
  run: TrainingRun,
  status: TrainingRunStatus,
  gang: Gang,
  observed: ObservedRun,
): (number | undefined)[] {
  const forced = forceDeletionTimes(run.spec, gang.pods);
  if (isFinalPhase(status.phase)) return [expiresAtMs(run.spec, status), ...forced];
  const isLive = status.phase === 'Starting' || status.phase === 'Running';
  const failure = isLive ? findFailure(run.metadata.name, gang, status, observed.nowMs) : undefined;
  return [
    ...forced,
    deadlineAtMs(run.spec, status),
    fromTimestamp(status.nextAttemptAt),
    startTimeoutAtMs(run.spec, status, gang),
    hangAtMs(run.spec, status, observed),
    ...(observesEvictionCost(run, observed) ? evictionCostDueAtMs(run.spec, status, observed.nowMs) : []),
    failure !== undefined && 'waitUntilMs' in failure ? failure.waitUntilMs : undefined,
  ];
}

/** Whether anybody is told what an eviction would cost. */
function observesEvictionCost({ spec }: TrainingRun, { queue }: ObservedRun): boolean {
  return queue?.workload !== undefined || spec.trainers.disruption === 'AfterCheckpoint';
}

/** The first moment that is still to come; those that have passed were acted on, or wait for something else. */
function requeue(dueAtMs: readonly (number | undefined)[], nowMs: number): { requeueAfterMs?: number } {
  const coming = dueAtMs.filter((dueMs) => dueMs !== undefined).filter((dueMs) => dueMs > nowMs);
  return coming.length === 0 ? {} : { requeueAfterMs: Math.min(...coming) - nowMs };
}
