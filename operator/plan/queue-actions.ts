import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Workload } from '../api/kueue.ts';
import type { Action, PriorityClassName } from './action.ts';
import { evictionCostActions } from './eviction-cost.ts';
import { isFinished, isReady, mayBeAlive, type Gang } from './gang.ts';
import type { ObservedRun, PlanSettings } from './observed-run.ts';
import { isOfSpec, isOver, isQueued } from './queueing.ts';
import { finishOf, readinessOf, releaseOf, workloadOf, type WorkloadStatusPatch } from './workloads.ts';

/**
 * What Kueue has to be told about a run, following from the status that was written before: quota is given back only
 * once no pod can use it any more.
 */
export function queueActions(
  run: TrainingRun,
  status: TrainingRunStatus,
  gang: Gang,
  { queue, nowMs }: Pick<ObservedRun, 'queue' | 'nowMs'>,
  settings: PlanSettings,
): Action[] {
  if (queue === undefined) return [];
  const { workload } = queue;
  const isAtRest = !gang.pods.some(mayBeAlive);
  if (!isQueued(run, settings)) return workload === undefined ? [] : deleteWorkload(workload);
  switch (status.phase) {
    case 'Queued':
      if (workload === undefined) return [createWorkload(run, settings)];
      if (!isAtRest) return [];
      if (!isOfSpec(workload, run) || isOver(workload)) return deleteWorkload(workload);
      return patchStatus(workload, releaseOf(workload, nowMs));
    case 'Starting':
    case 'Running':
    case 'Restarting':
      return workload === undefined || isOver(workload)
        ? []
        : [
            ...patchStatus(workload, readinessOf(workload, isGangReady(gang), nowMs)),
            ...evictionCostActions(run.spec, status, workload, nowMs),
          ];
    case 'Suspended':
      // There are pods still where an attempt was begun whose record was lost: see beside-status.ts.
      return workload === undefined || !isAtRest ? [] : deleteWorkload(workload);
    case 'Succeeded':
    case 'Failed':
      return workload === undefined || !isAtRest || workload.metadata.deletionTimestamp !== undefined
        ? []
        : patchStatus(workload, finishOf(workload, status, nowMs));
    default:
      return [];
  }
}

function isGangReady({ size, members }: Gang): boolean {
  const ready = [...members.values()].filter(
    (pod) => pod.status?.phase === 'Succeeded' || (isReady(pod) && !isFinished(pod)),
  );
  return ready.length === size;
}

function createWorkload(run: TrainingRun, settings: PlanSettings): Action {
  const { spec } = run;
  const { queuePriorityClass } = spec.scheduling;
  const { priorityClassName } = spec.trainers;
  const priorityClass: PriorityClassName | undefined =
    queuePriorityClass !== undefined
      ? { kind: 'WorkloadPriorityClass', name: queuePriorityClass }
      : priorityClassName !== undefined
        ? { kind: 'PriorityClass', name: priorityClassName }
        : undefined;
  return {
    type: 'createWorkload',
    workload: workloadOf(run, settings),
    ...(priorityClass === undefined ? {} : { priorityClass }),
  };
}

/** Gives up the place in the queue, unless it is being given up already. */
export function deleteWorkload({ metadata }: Workload): Action[] {
  return metadata.deletionTimestamp === undefined
    ? [{ type: 'deleteWorkload', name: metadata.name, uid: metadata.uid ?? '' }]
    : [];
}

function patchStatus({ metadata }: Workload, status: WorkloadStatusPatch | undefined): Action[] {
  const { name, uid = '', resourceVersion } = metadata;
  return status === undefined ? [] : [{ type: 'patchWorkloadStatus', name, uid, resourceVersion, status }];
}
