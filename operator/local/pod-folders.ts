import { join } from 'node:path';
import { labels } from '../api/v1alpha1/group.ts';
import type { Pod } from '../api/wire.ts';

/** Where the node agent keeps what belongs to pods, below its own folder. */
export function podFolders(folder: string) {
  const pods = join(folder, 'pods');
  return {
    /** One folder for each pod, named by UID, from before its start until the pod is gone. */
    pods,
    hosts: join(folder, 'hosts'),
    podOf: (uid: string) => join(pods, uid),
    /** Temporary files of the pod; removed when its processes have ended. */
    scratchOf: (uid: string) => join(pods, uid, 'scratch'),
    /** Stands for the mount of the Secret with the keys to storage; removed when the pod's processes have ended. */
    credentialsOf: (uid: string) => join(pods, uid, 'credentials'),
    terminationLogOf: (uid: string, container: string) => join(pods, uid, `termination-log-${container}`),
    /** Output of all containers of a pod. It outlives the pod; each attempt has pods, and so files, of its own. */
    logOf: ({ metadata: { namespace = '', name, labels: podLabels } }: Pod) =>
      join(folder, 'logs', namespace, podLabels?.[labels.run] ?? name, `${name}.log`),
  };
}

export type PodFolders = ReturnType<typeof podFolders>;
