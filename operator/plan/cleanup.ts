import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { Pod, Service } from '../api/wire.ts';
import type { Action } from './action.ts';
import { mayBeAlive } from './gang.ts';

/**
 * What `spec.cleanPodPolicy` removes of a finished run. `Running`: pods that may still run. `All`: finished pods and
 * their logs too, and the Service. `None`: nothing, even of a failed run whose pods still run.
 * A Service without an address costs nothing and goes with the run, so to remove it is a request for nothing.
 */
export function cleanUp(
  policy: TrainingRunSpec['cleanPodPolicy'],
  pods: readonly Pod[],
  service: Service | undefined,
): Action[] {
  if (policy === 'None') return [];
  if (policy === 'Running') return deletePods(pods.filter(mayBeAlive));
  return [...deletePods(pods), ...(service === undefined ? [] : [deleteService(service)])];
}

/** Deletes pods, except those that are on their way out already. */
export function deletePods(pods: readonly Pod[], gracePeriodSeconds?: number): Action[] {
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => ({
      type: 'deletePod',
      name: metadata.name,
      uid: metadata.uid ?? '',
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    }));
}

export function deleteService({ metadata }: Service): Action {
  return { type: 'deleteService', name: metadata.name, uid: metadata.uid ?? '' };
}
