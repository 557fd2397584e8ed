import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType, Selection, WatchEvent } from '../cluster.ts';
import type { Change } from './change-feed.ts';
import { isSelected } from './selection.ts';
import { typed } from './wire-object.ts';

/**
 * A change as one watcher sees it: an object enters and leaves its view also by a change of labels.
 * @param seen UIDs of the objects in view; kept up to date here
 */
export function asWatchEvent<T extends KubernetesObject>(
  type: ResourceType<T>,
  selection: Selection,
  { type: kind, object }: Change,
  seen: Set<string>,
): WatchEvent<T> | undefined {
  const { uid } = object.metadata;
  const wasSeen = seen.has(uid);
  const isSeen = kind === 'written' && isSelected(object, selection);
  if (!wasSeen && !isSeen) return undefined;
  if (isSeen) seen.add(uid);
  else seen.delete(uid);
  return {
    type: !isSeen ? 'deleted' : wasSeen ? 'modified' : 'added',
    object: typed(type, structuredClone(object)),
  };
}
