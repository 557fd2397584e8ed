import { openFileStorage } from './file-storage.ts';
import { localPath } from './location.ts';
import { openS3Storage } from './s3-storage.ts';
import type { StorageAccess } from './storage-access.ts';
import { StorageError } from './storage-error.ts';
import type { Storage } from './storage.ts';

/**
 * The storage at a location. Opening does no I/O: a folder that does not exist is made by the first write.
 * @throws StorageError if the location is neither a folder nor `s3://bucket/prefix`
 */
export function openStorage(uri: string, access: StorageAccess = {}): Storage {
  if (uri.startsWith('s3://')) return openS3Storage(uri, access);
  const folder = localPath(uri);
  if (folder === undefined) {
    throw new StorageError(
      'Unsupported',
      `no storage for ${uri} exists; use s3://bucket/prefix, or a folder such as file:///checkpoints`,
    );
  }
  return openFileStorage(folder);
}
