import { openFileStorage } from './file-storage.ts';
import { localPath } from './location.ts';
import { StorageError } from './storage-error.ts';
import type { Storage } from './storage.ts';

/**
 * The storage at a location. Opening does no I/O: a folder that does not exist is made by the first write.
 * @throws StorageError if no storage of this kind exists yet
 */
export function openStorage(uri: string): Storage {
  const folder = localPath(uri);
  if (folder === undefined) {
    throw new StorageError(
      'Unsupported',
      `no storage for ${uri} exists yet; use a folder of this machine or of a mounted volume, such as file:///checkpoints`,
    );
  }
  return openFileStorage(folder);
}
