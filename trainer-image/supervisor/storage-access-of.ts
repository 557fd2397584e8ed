import type { Checkpoints } from '../../operator/api/v1alpha1/checkpoints.ts';
import type { StorageAccess } from '../storage/storage-access.ts';

/**
 * How a run reaches object storage: the endpoint and the Secret of its checkpoints serve for everything that it reads
 * there too.
 * @param credentialsFolder where the Secret is mounted, if there is one
 */
export function storageAccessOf(
  { endpoint, credentials }: Pick<Checkpoints, 'endpoint' | 'credentials'>,
  credentialsFolder: string,
): StorageAccess {
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentialsFolder }),
  };
}
