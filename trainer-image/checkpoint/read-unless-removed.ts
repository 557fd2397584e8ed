import { StorageError } from '../storage/storage-error.ts';

/** What `read` gives, or `undefined` if it was listed a moment ago and is gone: whoever writes there removes old ones. */
export async function readUnlessRemoved<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StorageError && error.fault === 'NotFound') return undefined;
    throw error;
  }
}
