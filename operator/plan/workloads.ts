import { createHash } from 'node:crypto';
import { fromTimestamp, toTimestamp } from '../base/clock.ts';
import { kueueApiVersion, kueueGroup, type WireCondition, type Workload } from '../api/kueue.ts';
import { group, trainingRunKind } from '../api/v1alpha1/group.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { PodSpec } from '../api/wire.ts';
import type { PlanSettings } from './observed-run.ts';
import { ownerReference, podOf, runLabels } from './pods.ts';
import { conditionOf, isSo, podSetName, workloadHash } from './queueing.ts';
import { templateHashAnnotation } from './template-hash.ts';

/** https://github.com/kubernetes-sigs/kueue/blob/v0.19.0/pkg/controller/jobframework/workload_names.go */
const maxNameLength = 63;
const nameHashLength = 5;

/** Kueue's name for the Workload of an object of ours: `trainingrun-<name>-<hash of kind, group, name and UID>`. */
export function workloadName({ metadata }: TrainingRun): string {
  const { name, uid = '' } = metadata;
  const hash = createHash('sha1').update([trainingRunKind, group, name, uid].join('\n')).digest('hex');
  const prefix = `${trainingRunKind.toLowerCase()}-${name}`.slice(0, maxNameLength - nameHashLength - 1);
  return `${prefix}-${hash.slice(0, nameHashLength)}`;
}

/** What the run asks its queue for: all pods of a gang at once. */
export function workloadOf(run: TrainingRun, settings: PlanSettings): Workload {
  const { namespace, uid = '' } = run.metadata;
  const { queueName } = run.spec.scheduling;
  return {
    apiVersion: kueueApiVersion,
    kind: 'Workload',
    metadata: {
      name: workloadName(run),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...runLabels(run), [`${kueueGroup}/job-uid`]: uid },
      annotations: { [templateHashAnnotation]: workloadHash(run) },
      ownerReferences: [ownerReference(run)],
    },
    spec: {
      ...(queueName === undefined ? {} : { queueName }),
      podSets: [
        {
          name: podSetName,
          count: run.spec.trainers.pods,
          // What the pods of every attempt have in common: Kueue counts their resources and matches their selectors.
          template: { spec: withoutEnvironment(podOf(run, 1, 0, settings).spec) },
        },
      ],
    },
  };
}

/** What a rank is told is for its pods alone. */
function withoutEnvironment(spec: PodSpec): PodSpec {
  return { ...spec, containers: spec.containers.map((container) => ({ ...container, env: [] })) };
}

/** A change of `status` as a merge patch; the conditions are written as a whole. */
export interface WorkloadStatusPatch {
  readonly conditions: readonly WireCondition[];
  readonly admission?: null;
}

type Told = Pick<WireCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Evicted by these, a Workload may be admitted again at once; otherwise Kueue itself says when. */
const requeuedAtOnce: readonly string[] = ['Preempted', 'NodeFailures'];

/** Gives back the quota of an evicted Workload, which Kueue leaves to whoever knows that no pod uses it any more. */
export function releaseOf(workload: Workload, nowMs: number): WorkloadStatusPatch | undefined {
  const evicted = conditionOf(workload, 'Evicted');
  if (evicted?.status !== 'True' || !isSo(workload, 'QuotaReserved')) return undefined;
  const { reason, message } = evicted;
  const isRequeued = requeuedAtOnce.includes(reason);
  const conditions = withConditions(
    workload,
    [
      { type: 'Requeued', status: isRequeued ? 'True' : 'False', reason, message },
      { type: 'QuotaReserved', status: 'False', reason: 'Pending', message },
      {
        type: 'Admitted',
        status: 'False',
        reason: 'NoReservation',
        message: 'The workload has no reservation',
      },
      podsReadyOf(workload, false),
    ],
    nowMs,
  );
  return conditions === undefined ? undefined : { conditions, admission: null };
}

/** Says how the run ended, which gives its quota back for good. */
export function finishOf(
  workload: Workload,
  { phase, conditions = [] }: TrainingRunStatus,
  nowMs: number,
): WorkloadStatusPatch | undefined {
  if (isSo(workload, 'Finished')) return undefined;
  const hasSucceeded = phase === 'Succeeded';
  const message = conditions.find(({ type }) => type === (hasSucceeded ? 'Complete' : 'Failed'))?.message;
  const changed = withConditions(
    workload,
    [
      {
        type: 'Finished',
        status: 'True',
        reason: hasSucceeded ? 'Succeeded' : 'Failed',
        message: message ?? '',
      },
    ],
    nowMs,
  );
  return changed === undefined ? undefined : { conditions: changed };
}

/** Tells Kueue whether the whole gang is ready, for its time limits on that. */
export function readinessOf(
  workload: Workload,
  isReady: boolean,
  nowMs: number,
): WorkloadStatusPatch | undefined {
  // Absent means the same as not yet, and costs no request.
  if (!isReady && conditionOf(workload, 'PodsReady') === undefined) return undefined;
  const conditions = withConditions(workload, [podsReadyOf(workload, isReady)], nowMs);
  return conditions === undefined ? undefined : { conditions };
}

/** The reasons are Kueue's own: it allows a gang that was ready once another time to recover than one that starts. */
function podsReadyOf(workload: Workload, isReady: boolean): Told {
  const old = conditionOf(workload, 'PodsReady');
  const hasBeenReady = isSo(workload, 'Admitted') && !isSo(workload, 'Evicted') && old !== undefined;
  if (isReady) {
    const isRecovered = hasBeenReady && (old.reason === 'WaitForRecovery' || old.reason === 'Recovered');
    return {
      type: 'PodsReady',
      status: 'True',
      reason: isRecovered ? 'Recovered' : 'Started',
      message: 'All pods of the gang are ready, or have succeeded.',
    };
  }
  const wasReady = hasBeenReady && (old.status === 'True' || old.reason === 'WaitForRecovery');
  return {
    type: 'PodsReady',
    status: 'False',
    reason: wasReady ? 'WaitForRecovery' : 'WaitForStart',
    message: 'Not all pods of the gang are ready.',
  };
}

/** The Workload's conditions with some of them set; `undefined` when nothing changes. */
function withConditions(
  { metadata, status }: Workload,
  changes: readonly Told[],
  nowMs: number,
): WireCondition[] | undefined {
  const byType = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
  let isChanged = false;
  for (const change of changes) {
    const old = byType.get(change.type);
    if (old?.status === change.status && old.reason === change.reason) continue;
    isChanged = true;
    byType.set(change.type, {
      ...change,
      message: change.message.slice(0, 32_768),
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
      lastTransitionTime:
        old?.status === change.status && fromTimestamp(old.lastTransitionTime) !== undefined
          ? old.lastTransitionTime
          : toTimestamp(nowMs),
    });
  }
  return isChanged ? [...byType.values()] : undefined;
}
