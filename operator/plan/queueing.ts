import type { PodSetAssignment, ResourceFlavor, WireCondition, Workload } from '../api/kueue.ts';
import type { RunReason } from '../api/v1alpha1/reasons.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { placementOf, type Placement } from './placement.ts';
import { digestOf, templateHash, templateHashAnnotation } from './template-hash.ts';

/** What is known of Kueue and of the run's place in it. */
export interface ObservedQueue {
  /** The Workload of the run, if the run owns one. */
  readonly workload?: Workload;
  /** Every flavour that there is. */
  readonly flavors: readonly ResourceFlavor[];
}

/** Whether a run may have pods, as far as its queue is concerned. */
export type QueueVerdict =
  | { readonly type: 'unqueued' }
  | { readonly type: 'admitted'; readonly clusterQueue: string; readonly placement: Placement }
  | { readonly type: 'waiting'; readonly reason: RunReason; readonly message: string }
  /** It cannot be placed as Kueue asks, now or later. */
  | { readonly type: 'refused'; readonly message: string };

/** Name of the one set of pods that a run consists of. */
export const podSetName = 'trainers';

/** Where a queue decides: in a world without any, a name of one means nothing. */
interface QueueSettings {
  readonly hasSchedulingApis?: boolean;
}

export function isQueued({ spec }: TrainingRun, { hasSchedulingApis }: QueueSettings): boolean {
  return spec.scheduling.queueName !== undefined && hasSchedulingApis === true;
}

/**
 * Whether the run may start an attempt. To start pods all the same would let it past the queue that its author, or a
 * quota, relies on: so a run waits for as long as there is no Kueue.
 */
export function readQueue(
  run: TrainingRun,
  queue: ObservedQueue | undefined,
  settings: QueueSettings,
): QueueVerdict {
  if (!isQueued(run, settings)) return { type: 'unqueued' };
  if (queue === undefined) {
    return waiting(
      'KueueNotServed',
      'The cluster serves no Workloads of kueue.x-k8s.io/v1beta2, or not to the operator; install Kueue 0.15 or later, or leave out spec.scheduling.queueName.',
    );
  }
  const { workload, flavors } = queue;
  if (workload === undefined || !isOfSpec(workload, run) || isOver(workload)) {
    return waiting('WaitsForAdmission', 'Its Workload is being made.');
  }
  const { name } = workload.metadata;
  if (workload.spec.active === false) {
    return waiting('WaitsForAdmission', `Workload ${name} is deactivated until its spec.active is true.`);
  }
  if (!isAdmitted(workload)) return waiting('WaitsForAdmission', whyNotAdmitted(workload));
  const assignment = assignmentOf(workload);
  if (assignment === undefined) {
    return waiting('WaitsForAdmission', `Kueue has assigned nothing to Workload ${name} yet.`);
  }
  const placed = placementOf(run, workload, assignment, flavors);
  if ('missingFlavor' in placed) {
    return waiting('WaitsForAdmission', `ResourceFlavor ${placed.missingFlavor} is not there yet.`);
  }
  if ('conflict' in placed) return { type: 'refused', message: placed.conflict };
  const clusterQueue = workload.status?.admission?.clusterQueue ?? '';
  return { type: 'admitted', clusterQueue, placement: placed.placement };
}

/**
 * Why a run that has pods has to give its place back; `undefined` while it may keep it. That Kueue cannot be read takes
 * no place away.
 * @param isStarting whether pods are still to be made, all from the spec that was admitted
 */
export function evictionOf(
  run: TrainingRun,
  queue: ObservedQueue | undefined,
  settings: QueueSettings,
  isStarting: boolean,
): string | undefined {
  if (!isQueued(run, settings) || queue === undefined) return undefined;
  const { workload } = queue;
  if (workload === undefined) return 'Its Workload is gone.';
  const { name } = workload.metadata;
  if (workload.metadata.deletionTimestamp !== undefined) return `Workload ${name} is being deleted.`;
  const evicted = conditionOf(workload, 'Evicted');
  if (evicted?.status === 'True') return `${evicted.reason}: ${evicted.message}`;
  if (isOver(workload)) return `Workload ${name} is finished.`;
  if (isStarting && !isOfSpec(workload, run)) return 'The spec was changed since it was admitted.';
  return isAdmitted(workload) ? undefined : `Workload ${name} is not admitted any more.`;
}

export function conditionOf(workload: Workload, type: string): WireCondition | undefined {
  return workload.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether a condition of the Workload is True. */
export function isSo(workload: Workload, type: string): boolean {
  return conditionOf(workload, type)?.status === 'True';
}

/** A Workload that is over, or on its way out, is never admitted again; another has to be made. */
export function isOver(workload: Workload): boolean {
  return workload.metadata.deletionTimestamp !== undefined || isSo(workload, 'Finished');
}

/** Whether the Workload asks for what the spec says now. */
export function isOfSpec(workload: Workload, run: TrainingRun): boolean {
  return workload.metadata.annotations?.[templateHashAnnotation] === workloadHash(run);
}

/** A digest of everything that a Workload is made from. */
export function workloadHash({ spec }: TrainingRun): string {
  return digestOf([templateHash(spec), spec.scheduling]);
}

function isAdmitted(workload: Workload): boolean {
  return isSo(workload, 'Admitted') && !isSo(workload, 'Evicted');
}

function assignmentOf({ status }: Workload): PodSetAssignment | undefined {
  return status?.admission?.podSetAssignments.find(({ name }) => name === podSetName);
}

/** In Kueue's words, where it has any. */
function whyNotAdmitted(workload: Workload): string {
  const { queueName = '' } = workload.spec;
  const where = `It waits in LocalQueue ${queueName}.`;
  if (isSo(workload, 'QuotaReserved')) {
    const pending = (workload.status?.admissionChecks ?? [])
      .filter(({ state }) => state !== 'Ready')
      .map(({ name, message }) => (message === '' ? name : `${name} (${message})`));
    return `${where} Its quota is reserved; admission checks to come: ${pending.join(', ')}.`;
  }
  const why = conditionOf(workload, 'QuotaReserved')?.message;
  return why === undefined || why === '' ? where : `${where} ${why}`;
}

function waiting(reason: RunReason, message: string): QueueVerdict {
  return { type: 'waiting', reason, message };
}
