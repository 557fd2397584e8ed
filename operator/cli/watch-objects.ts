import type { KubernetesObject } from '../api/wire.ts';
import type { ResourceType } from '../cluster/cluster.ts';
import type { ClusterConnection } from './connection/connection.ts';
import { nameOf } from './display/run-block.ts';

/** What is done with objects as they change. */
export interface ObjectWatcher<T> {
  /** Called once when there are none. */
  onAbsence(): void;
  onChange(object: T): void;
  onDeleted(object: T): void;
  say(line: string): void;
  isAtRest(object: T): boolean;
}

/**
 * Follows the objects of a kind.
 * @param latest the chosen ones by UID, which are kept current; all of the place when empty
 * @returns whether all that were chosen are at rest; false when `signal` ended it
 */
export async function watchObjects<T extends KubernetesObject>(
  { cluster, scope }: ClusterConnection,
  type: ResourceType<T>,
  latest: Map<string | undefined, T>,
  watcher: ObjectWatcher<T>,
  signal: AbortSignal,
): Promise<boolean> {
  const isChosen = latest.size > 0;
  // A watch heals itself for ever; a missing right or a wrong address should be told at once.
  if ((await cluster.list(type, scope)).length === 0) watcher.onAbsence();
  for await (const event of cluster.watch(type, scope, signal)) {
    if (event.type !== 'synced') {
      const { object } = event;
      if (isChosen && !latest.has(object.metadata.uid)) continue;
      if (event.type === 'deleted') {
        watcher.say(`${nameOf(object)}: was deleted`);
        latest.delete(object.metadata.uid);
        watcher.onDeleted(object);
      } else {
        latest.set(object.metadata.uid, object);
        watcher.onChange(object);
      }
    }
    if (isChosen && [...latest.values()].every((object) => watcher.isAtRest(object))) return true;
  }
  return false;
}
