import type { Pod } from '../api/wire.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { ClusterError, isClusterError } from '../cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { placePods } from './placement.ts';
import { writePodStatus } from './status-writer.ts';

/** A node to put pods on. */
export interface SchedulerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** GPU slots of the node; one rank takes one, on a machine without GPUs too. */
  readonly gpuSlots: number;
  readonly signal: AbortSignal;
}

/** Pause after the API refused a write for a reason of its own, in milliseconds. */
const retryDelayMs = 1000;

/** Puts pods on the one node of the local world, whole gangs at a time, until `signal` is aborted. */
export async function runScheduler(options: SchedulerOptions): Promise<void> {
  const { cluster, clock, log, signal } = options;
  const pods = new Map<string, Pod>();
  let isSynced = false;
  for await (const event of cluster.watch(resourceTypes.pods, {}, signal)) {
    if (event.type === 'synced') isSynced = true;
    else if (event.type === 'deleted') pods.delete(event.object.metadata.uid ?? '');
    else pods.set(event.object.metadata.uid ?? '', event.object);
    while (isSynced && !signal.aborted) {
      try {
        await place(options, pods);
        break;
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        log.warn({ err: error }, 'pods could not be scheduled; trying again');
        await clock.sleep(retryDelayMs, signal);
      }
    }
  }
}

async function place(options: SchedulerOptions, pods: Map<string, Pod>): Promise<void> {
  const { cluster, log, nodeName, gpuSlots } = options;
  const { bind, waiting } = placePods(inOrder(pods.values()), nodeName, gpuSlots);
  for (const pod of bind) {
    const { namespace = '', name, uid = '' } = pod.metadata;
    try {
      const bound = await cluster.patch(
        resourceTypes.pods,
        { namespace, name },
        { spec: { nodeName } },
        { uid },
      );
      pods.set(uid, bound);
      log.debug({ pod: name }, 'pod scheduled');
    } catch (error) {
      // Deleted, or bound by somebody else; the watch will tell.
      if (!isClusterError(error, 'NotFound') && !isClusterError(error, 'Conflict')) throw error;
      pods.delete(uid);
    }
  }
  for (const { pod, message } of waiting) {
    if (scheduledCondition(pod)?.message === message) continue;
    await writePodStatus(options, pod, {
      status: {},
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    });
  }
}

function scheduledCondition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
}

/** Oldest first; pods of the same second stay in the order in which the watch told of them. */
function inOrder(pods: Iterable<Pod>): Pod[] {
  const createdAt = (pod: Pod) => pod.metadata.creationTimestamp ?? '';
  return [...pods].sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : createdAt(a) > createdAt(b) ? 1 : 0));
}
