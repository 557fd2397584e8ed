import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';

/**
 * Why this release cannot place the run as its spec asks, with the cure; `undefined` when it can. To start the pods all
 * the same would let the run past the queue that its author, or a quota, relies on.
 */
export function unsupportedScheduling({ scheduling }: TrainingRunSpec): string | undefined {
  if (scheduling.queueName !== undefined || scheduling.gang === 'kueue') {
    return 'This release does not queue runs with Kueue; leave out spec.scheduling.queueName and set spec.scheduling.gang to auto.';
  }
  if (scheduling.gang === 'native') {
    return 'This release does not make PodGroups of scheduling.k8s.io; set spec.scheduling.gang to auto.';
  }
  return undefined;
}
