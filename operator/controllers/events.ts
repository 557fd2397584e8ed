import { createHash } from 'node:crypto';
import { describeError } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { operatorName } from '../api/v1alpha1/group.ts';
import type { Event, KubernetesObject } from '../api/wire.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import type { Announcement } from '../plan/action.ts';

/** Longest note that the API accepts, in bytes. */
const maxNoteBytes = 1024;

/** An event that happened several times. */
interface RepeatedEvent extends Event {
  series?: { count: number; lastObservedTime: string };
}

/** Writes what is worth telling as events of `events.k8s.io/v1`. */
export interface EventRecorder {
  /** Never throws: an event that cannot be written is logged and nothing else. */
  record(object: KubernetesObject, announcement: Announcement): Promise<void>;
}

/**
 * @param instance name of this process among the operator's replicas
 */
export function eventRecorder(cluster: Cluster, clock: Clock, log: Logger, instance: string): EventRecorder {
  return {
    record: async (object, announcement) => {
      const event = eventOf(object, announcement, clock.now(), instance);
      try {
        await cluster.create<RepeatedEvent>(resourceTypes.events, event);
      } catch (error) {
        try {
          if (!isClusterError(error, 'AlreadyExists')) throw error;
          await countAgain(cluster, event);
        } catch (failure) {
          log.warn(
            { object: object.metadata.name, reason: announcement.reason, error: describeError(failure) },
            'an event was lost',
          );
        }
      }
    },
  };
}

/** The event of an announcement. The same words about the same run give the same name, so repeats can be counted. */
export function eventOf(
  object: KubernetesObject,
  { type, reason, message }: Announcement,
  nowMs: number,
  instance: string,
): Event {
  const { name, namespace = 'default', uid = '' } = object.metadata;
  const note = withinBytes(message, maxNoteBytes);
  const hash = createHash('sha256').update([uid, type, reason, note].join('\n')).digest('hex').slice(0, 16);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name}.${hash}`, namespace },
    eventTime: microTime(nowMs),
    type,
    reason,
    action: reason,
    note,
    regarding: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid },
    reportingController: operatorName,
    reportingInstance: instance,
  };
}

async function countAgain(cluster: Cluster, event: Event): Promise<void> {
  const { name, namespace = 'default' } = event.metadata;
  const stored = await cluster.get<RepeatedEvent>(resourceTypes.events, { namespace, name });
  const series = { count: (stored?.series?.count ?? 1) + 1, lastObservedTime: event.eventTime };
  await cluster.patch<RepeatedEvent>(resourceTypes.events, { namespace, name }, { series });
}

/** The wire form of a MicroTime: exactly six digits of a second. */
function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

/** Cut so that it fits, never within a character. */
function withinBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
