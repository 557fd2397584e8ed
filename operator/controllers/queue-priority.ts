import { kueueGroup, type PriorityClass, type Workload, type WorkloadPriorityClass } from '../api/kueue.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import type { PriorityClassName } from '../plan/action.ts';
import { CreationFailedError } from './creation-failed-error.ts';

/**
 * The Workload with its priority in the queue, which Kueue wants as a number beside the name of its class.
 * @throws CreationFailedError when there is no such class
 */
export async function withPriority(
  cluster: Pick<Cluster, 'get'>,
  workload: Workload,
  priorityClass: PriorityClassName | undefined,
): Promise<Workload> {
  if (priorityClass === undefined) return workload;
  const { kind, name } = priorityClass;
  const key = { namespace: '', name };
  const found =
    kind === 'PriorityClass'
      ? await cluster.get<PriorityClass>(resourceTypes.priorityClasses, key)
      : await cluster.get<WorkloadPriorityClass>(resourceTypes.workloadPriorityClasses, key);
  if (found === undefined) {
    throw new CreationFailedError('Workload', workload.metadata.name, `there is no ${kind} ${name}`);
  }
  return {
    ...workload,
    spec: {
      ...workload.spec,
      priority: found.value,
      priorityClassRef: {
        group: kind === 'PriorityClass' ? 'scheduling.k8s.io' : kueueGroup,
        kind,
        name,
      },
    },
  };
}
