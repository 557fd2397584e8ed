import type { KubernetesObject } from '../api/wire.ts';
import type { ResourceType } from '../cluster/cluster.ts';
import { withCluster, type ClusterConnection } from './connection/connection.ts';
import type { ClusterPlace } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { nameOf } from './display/run-block.ts';
import { commandExitCodes } from './exit-codes.ts';
import { describeAbsence } from './get.ts';
import type { Kind } from './kinds.ts';
import { takeInterruptions } from './run/interruption.ts';

/** What is watched, and what is done with it as it changes. */
export interface ObjectWatcher<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly kind: Kind;
  onChange(object: T): void;
  onDeleted(object: T): void;
  say(line: string): void;
  isAtRest(object: T): boolean;
  /** Of those that were chosen, when all are at rest. */
  exitCodeOf(objects: readonly T[]): number;
}

/**
 * Follows objects of a cluster until those that were chosen are at rest, or Ctrl-C or SIGTERM comes. They are left alone.
 * @param latest the chosen ones by UID, which are kept current; all of the place, for ever, when empty
 * @returns the exit code
 */
export async function watchObjects<T extends KubernetesObject>(
  watcher: ObjectWatcher<T>,
  latest: Map<string | undefined, T>,
  place: ClusterPlace,
  context: CommandContext,
): Promise<number> {
  const ending = new AbortController();
  const interruption = takeInterruptions(context.signals, context.clock, {
    onFirst: () => ending.abort(),
    onSecond: () => undefined,
  });
  try {
    const areAtRest = await withCluster(
      place,
      context,
      (connection) => follow(watcher, latest, connection, ending.signal),
      (trouble) => watcher.say(trouble),
    );
    if (areAtRest) return watcher.exitCodeOf([...latest.values()]);
    return interruption.received() === 'SIGTERM' ? commandExitCodes.terminated : commandExitCodes.interrupted;
  } finally {
    interruption.release();
  }
}

/** @returns whether all that were chosen are at rest; false when `signal` ended it */
async function follow<T extends KubernetesObject>(
  watcher: ObjectWatcher<T>,
  latest: Map<string | undefined, T>,
  { cluster, scope, place }: ClusterConnection,
  signal: AbortSignal,
): Promise<boolean> {
  const { type, kind } = watcher;
  const isChosen = latest.size > 0;
  // A watch heals itself for ever; a missing right or a wrong address should be told at once.
  if ((await cluster.list(type, scope)).length === 0) watcher.say(describeAbsence(place, kind));
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
