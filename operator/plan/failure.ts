import type { FailurePolicy } from '../api/v1alpha1/failure-policy.ts';
import { podReasons, type RunReason } from '../api/v1alpha1/reasons.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { firstMatchingRule, ruleName } from './failure-rules.ts';
import { mayBeAlive, missingIndices, obstacleOf, type Gang } from './gang.ts';
import { readPodFailure, vanishedPod, type PodFailure } from './pod-failure.ts';
import { podName } from './pods.ts';
import { templateHash, templateHashAnnotation } from './template-hash.ts';
import { findRootCause, followerTakenAtMs, isFollower } from './root-cause.ts';

/** Failures that would happen again on every restart. */
const permanentReasons: ReadonlySet<string> = new Set([
  'InvalidRecipe',
  'IncompatibleCheckpoint',
  'InvalidData',
  'Diverged',
]);
/** The same by exit code, for a container whose message was lost. Codes: `operator/api/trainer/exit-codes.ts`. */
const permanentExitCodes: readonly number[] = [64, 65, 66];

/** Failures that are not the run's fault: its place was taken away. */
const unchargedReasons: ReadonlySet<string> = new Set([
  'Evicted',
  'Preempted',
  'NodeLost',
  'PodDeleted',
  'SpecChanged',
]);

/** What follows from a failure. */
export type Judgement =
  | {
      readonly action: 'restart';
      readonly restarts: NonNullable<TrainingRunStatus['restarts']>;
      readonly isCharged: boolean;
    }
  | { readonly action: 'fail'; readonly reason: RunReason; readonly message: string };

/** What ended the attempt, or until when to wait for a better explanation; `undefined` while nothing failed. */
export function findFailure(
  runName: string,
  gang: Gang,
  status: TrainingRunStatus,
  nowMs: number,
): { readonly failure: PodFailure } | { readonly waitUntilMs: number } | undefined {
  const failures = [...gang.members.values()].flatMap((pod) => readPodFailure(pod, nowMs) ?? []);
  // While a gang starts, a missing pod is one that was not made yet; once it ran, one that somebody deleted.
  const vanished = status.phase === 'Running' ? missingIndices(gang) : [];
  const cause = findRootCause([
    ...failures,
    ...vanished.map((index) => vanishedPod(podName(runName, gang.attempt, index), nowMs)),
  ]);
  if (cause === undefined) return undefined;
  const failure = { ...cause, hasSaved: hasGangSaved(cause, failures) };
  // A gang that is still starting has nothing to save.
  const [member] = status.phase === 'Running' ? gang.members.values() : [];
  const gracePeriodMs = (member?.spec.terminationGracePeriodSeconds ?? 0) * 1000;
  const waitUntilMs = followerTakenAtMs(failure, gracePeriodMs);
  const othersRun = [...gang.members.values()].some((pod) => mayBeAlive(pod));
  return isFollower(failure) && othersRun && nowMs < waitUntilMs ? { waitUntilMs } : { failure };
}

/** Ranks that are told to stop do so together, whichever pod was told, and it is pod 0 that saves for all. */
function hasGangSaved(cause: PodFailure, failures: readonly PodFailure[]): boolean {
  return cause.reason === 'Terminated' && failures.some(({ hasSaved }) => hasSaved);
}

/** The failure of a gang that did not start in time. */
export function startTimeoutFailure(gang: Gang, startTimeout: string, nowMs: number): PodFailure {
  const obstacle = obstacleOf(gang);
  const pod = obstacle?.pod ?? [...gang.members.values()].find(({ status }) => status?.phase !== 'Running');
  const why = obstacle === undefined ? '' : `: ${obstacle.reason} ${obstacle.message}`.trimEnd();
  return {
    pod: pod?.metadata.name ?? '',
    reason: 'StartTimeout',
    message: `not all ${gang.size} pods ran within ${startTimeout}${why}`,
    atMs: nowMs,
    hasSaved: false,
    podConditions: obstacle?.reason === 'Unschedulable' ? [unschedulable] : [],
  };
}

/** Stands in for a pod condition in the failure of a gang that found no room; rules may name it. */
const unschedulable = 'Unschedulable';

/**
 * The failure of a gang of which some pods are still to be made while the others were made from another spec; the spec
 * was changed under it while the run was suspended for a moment too short to be seen.
 */
export function mixedGangFailure(gang: Gang, spec: TrainingRunSpec, nowMs: number): PodFailure | undefined {
  if (missingIndices(gang).length === 0) return undefined;
  const wanted = templateHash(spec);
  const other = [...gang.members.values()].find(
    ({ metadata }) => (metadata.annotations?.[templateHashAnnotation] ?? wanted) !== wanted,
  );
  if (other === undefined) return undefined;
  return {
    pod: other.metadata.name,
    reason: 'SpecChanged',
    message: podReasons.SpecChanged,
    atMs: nowMs,
    hasSaved: false,
    podConditions: [],
  };
}

/** The failure of a gang that makes no step. */
export function hungFailure(runName: string, gang: Gang, hangTimeout: string, nowMs: number): PodFailure {
  return {
    pod: podName(runName, gang.attempt, 0),
    reason: 'Hung',
    message: `no training step was finished for ${hangTimeout}`,
    atMs: nowMs,
    hasSaved: false,
    podConditions: [],
  };
}

/** Decides what follows: the first rule that matches, otherwise the class of the failure; and then the budget. */
export function judge(failure: PodFailure, policy: FailurePolicy, status: TrainingRunStatus): Judgement {
  const rule = firstMatchingRule(policy.rules, failure);
  const action = rule?.action ?? defaultAction(failure);
  if (action === 'Fail') {
    return rule === undefined
      ? { action: 'fail', reason: 'PermanentFailure', message: describeFailure(failure) }
      : {
          action: 'fail',
          reason: 'FailedByRule',
          message: `${ruleName(policy.rules, rule)} says Fail: ${describeFailure(failure)}`,
        };
  }
  const before = status.restarts ?? { total: 0, charged: 0 };
  const hasProgressed = (status.checkpoint?.step ?? -1) > (status.attemptFromStep ?? -1);
  const isCharged = action === 'Restart';
  const charged = (policy.resetOnProgress && hasProgressed ? 0 : before.charged) + (isCharged ? 1 : 0);
  if (charged > policy.maxRestarts && isCharged) {
    return {
      action: 'fail',
      reason: 'MaxRestartsReached',
      message: `${policy.maxRestarts} charged restarts are used up: ${describeFailure(failure)}`,
    };
  }
  const inARow = (hasProgressed ? 0 : (before.withoutProgress ?? 0)) + 1;
  return {
    action: 'restart',
    isCharged,
    restarts: { total: before.total + 1, charged, withoutProgress: inARow },
  };
}

/** One line for people: `RankKilled, rank 1 of pod run-1-0, exit code 137: ended by SIGKILL`. */
export function describeFailure({
  pod,
  reason,
  message,
  exitCode,
  rank,
}: Omit<PodFailure, 'atMs' | 'hasSaved' | 'podConditions'>): string {
  const place = [rank === undefined ? '' : `rank ${rank}`, pod === '' ? '' : `pod ${pod}`].filter(
    (part) => part !== '',
  );
  const parts = [reason, place.join(' of '), exitCode === undefined ? '' : `exit code ${exitCode}`];
  const head = parts.filter((part) => part !== '').join(', ');
  return message === '' ? head : `${head}: ${message}`;
}

function defaultAction(failure: PodFailure): 'Restart' | 'RestartUncharged' | 'Fail' {
  if (unchargedReasons.has(failure.reason)) return 'RestartUncharged';
  if (permanentReasons.has(failure.reason)) return 'Fail';
  const isUnexplained = failure.reason === 'ExitCode';
  if (isUnexplained && permanentExitCodes.includes(failure.exitCode ?? -1)) return 'Fail';
  if (failure.hasSaved) return 'RestartUncharged';
  // A full cluster is not the run's fault; an image that cannot be pulled is.
  if (failure.reason === 'StartTimeout' && failure.podConditions.includes(unschedulable))
    return 'RestartUncharged';
  return 'Restart';
}
