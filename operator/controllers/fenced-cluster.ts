import { ClusterError } from '../cluster/cluster-error.ts';
import type { Cluster } from '../cluster/cluster.ts';

/**
 * A cluster that may be written to only while `mayWrite` says so. It is asked before each write, because a leader that
 * was frozen wakes up in the middle of its work, long after another has taken over.
 */
export function fencedCluster(cluster: Cluster, mayWrite: () => boolean): Cluster {
  const write = <R>(call: () => Promise<R>): Promise<R> =>
    mayWrite()
      ? call()
      : Promise.reject(
          new ClusterError('Unavailable', 'this process is not the leader any more and writes nothing'),
        );
  return {
    get: (type, key) => cluster.get(type, key),
    list: (type, selection) => cluster.list(type, selection),
    watch: (type, selection, signal) => cluster.watch(type, selection, signal),
    create: (type, object) => write(() => cluster.create(type, object)),
    patch: (type, key, patch, preconditions) => write(() => cluster.patch(type, key, patch, preconditions)),
    patchStatus: (type, key, patch, preconditions) =>
      write(() => cluster.patchStatus(type, key, patch, preconditions)),
    delete: (type, key, options) => write(() => cluster.delete(type, key, options)),
  };
}
