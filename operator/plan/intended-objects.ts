import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Pod, Service } from '../api/wire.ts';
import type { Action } from './action.ts';
import { cleanUp, deletePods, deleteService } from './cleanup.ts';
import { podDisruptionActions } from './eviction-cost.ts';
import { attemptOf, mayBeAlive, missingIndices, type Gang } from './gang.ts';
import { networkPolicyOf } from './network-policy.ts';
import type { ObservedRun, PlanSettings } from './observed-run.ts';
import { isInPodGroup, podGroupActions, podGroupName } from './pod-groups.ts';
import { podOf, type GangPlace } from './pods.ts';
import { queueActions } from './queue-actions.ts';
import { readQueue } from './queueing.ts';
import { serviceOf } from './services.ts';

/** A hung trainer cannot save; there is no point in waiting for it as long as for one that can. */
const hungGracePeriodSeconds = 30;

/**
 * What to create and delete so that the world agrees with a status. The status is written first, so each of these
 * follows from what is stored, and no deletion of ours is ever mistaken for somebody else's; what need not wait for it
 * says beside-status.ts.
 * @param gang the pods sorted by the attempt of this status
 */
export function actionsFor(
  run: TrainingRun,
  status: TrainingRunStatus,
  gang: Gang,
  observed: Omit<ObservedRun, 'run' | 'pods'>,
  settings: PlanSettings,
): Action[] {
  return [
    ...podActions(run, status, gang, observed, settings),
    ...podGroupActions(run, status, gang, observed.podGroups),
    ...queueActions(run, status, gang, observed, settings),
  ];
}

function podActions(
  run: TrainingRun,
  status: TrainingRunStatus,
  gang: Gang,
  observed: Omit<ObservedRun, 'run' | 'pods'>,
  settings: PlanSettings,
): Action[] {
  const { service } = observed;
  switch (status.phase) {
    case 'Starting':
      return [
        ...endOthers(gang),
        ...surround(run, observed, settings),
        ...createMissing(run, gang, observed, settings),
      ];
    case 'Running':
      return [
        ...endOthers(gang),
        ...surround(run, observed, settings),
        ...podDisruptionActions(run.spec, status, gang, observed.nowMs),
      ];
    case 'Restarting':
      // Finished pods stay for their logs until the attempt after the next.
      return [
        ...deletePods(outdated(gang)),
        ...deletePods(
          gang.pods.filter(mayBeAlive),
          status.lastFailure?.reason === 'Hung' ? hungGracePeriodSeconds : undefined,
        ),
      ];
    case 'Suspending':
      return deletePods(gang.pods);
    case 'Suspended':
      return [...deletePods(gang.pods), ...(service === undefined ? [] : [deleteService(service)])];
    case 'Succeeded':
    case 'Failed':
      return cleanUp(run.spec.cleanPodPolicy, gang.pods, service);
    default:
      return deletePods(gang.pods.filter(mayBeAlive));
  }
}

function endOthers(gang: Gang): Action[] {
  return deletePods([...outdated(gang), ...gang.others.filter(mayBeAlive)]);
}

/** Finished pods of attempts before the last one; nobody looks for their logs any more. */
function outdated({ attempt, others }: Gang): Pod[] {
  return others.filter((pod) => !mayBeAlive(pod) && attemptOf(pod) < attempt - 1);
}

/** What stands around the pods: their names and their fence. */
function surround(
  run: TrainingRun,
  { service, networkPolicy }: Pick<ObservedRun, 'service' | 'networkPolicy'>,
  settings: PlanSettings,
): Action[] {
  return [...ensureNetworkPolicy(run, networkPolicy, settings), ...ensureService(run, service)];
}

function ensureNetworkPolicy(
  run: TrainingRun,
  present: ObservedRun['networkPolicy'],
  { isolation }: PlanSettings,
): Action[] {
  if (isolation === undefined) return [];
  if (run.spec.trainers.networkIsolation) {
    return present === undefined
      ? [{ type: 'createNetworkPolicy', networkPolicy: networkPolicyOf(run, isolation) }]
      : [];
  }
  if (present === undefined) return [];
  const { name, uid = '' } = present.metadata;
  return [{ type: 'deleteNetworkPolicy', name, uid }];
}

function ensureService(run: TrainingRun, service: Service | undefined): Action[] {
  return service === undefined ? [{ type: 'createService', service: serviceOf(run) }] : [];
}

/** The pods of the attempt that do not exist, unless a pod of another attempt could still save a checkpoint. */
function createMissing(
  run: TrainingRun,
  gang: Gang,
  { queue, podGroups }: Pick<ObservedRun, 'queue' | 'podGroups'>,
  settings: PlanSettings,
): Action[] {
  if (gang.others.some(mayBeAlive)) return [];
  const verdict = readQueue(run, queue, settings);
  if (verdict.type !== 'unqueued' && verdict.type !== 'admitted') return [];
  const place: GangPlace = {
    ...(verdict.type === 'admitted' ? { placement: verdict.placement } : {}),
    ...(isInPodGroup(run, gang, podGroups) ? { podGroup: podGroupName(run, gang.attempt) } : {}),
  };
  return missingIndices(gang).map((index) => ({
    type: 'createPod',
    pod: podOf(run, gang.attempt, index, settings, place),
  }));
}
