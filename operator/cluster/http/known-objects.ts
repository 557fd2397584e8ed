import type { KubernetesObject } from '../../api/wire.ts';
import type { WatchEvent } from '../cluster.ts';
import { isNoNewer } from '../resource-version.ts';

/** What a watcher has been told so far, and what it must be told of each object that the server shows. */
export interface KnownObjects<T> {
  /** The server shows this object. */
  put(object: T): WatchEvent<T>[];
  /** The server says that this object is gone. */
  remove(object: T): WatchEvent<T>[];
  /** The server has shown everything there is; what is not among `keys` went away unseen. */
  retainOnly(keys: ReadonlySet<string>): WatchEvent<T>[];
}

/** Names an object among those of its resource. */
export function objectKey({ metadata: { namespace = '', name } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}

/**
 * Objects are held under their names but told apart by UID: one that was deleted and made again between two looks is
 * reported as `deleted` and `added`, because to take it for a change would be to lose the end of the first.
 */
export function createKnownObjects<T extends KubernetesObject>(): KnownObjects<T> {
  const objects = new Map<string, T>();
  return {
    put(object) {
      const key = objectKey(object);
      const old = objects.get(key);
      // A second server may lag behind the first; what is known already is not told again.
      if (old !== undefined && isNoNewer(object.metadata.resourceVersion, old.metadata.resourceVersion))
        return [];
      objects.set(key, object);
      if (old === undefined) return [{ type: 'added', object }];
      if (old.metadata.uid === object.metadata.uid) return [{ type: 'modified', object }];
      return [
        { type: 'deleted', object: old },
        { type: 'added', object },
      ];
    },
    remove(object) {
      const key = objectKey(object);
      const old = objects.get(key);
      if (old === undefined || old.metadata.uid !== object.metadata.uid) return [];
      objects.delete(key);
      return [{ type: 'deleted', object }];
    },
    retainOnly(keys) {
      const gone = [...objects].filter(([key]) => !keys.has(key));
      for (const [key] of gone) objects.delete(key);
      return gone.map(([, object]) => ({ type: 'deleted', object }));
    },
  };
}
