import { StorageError } from './storage-error.ts';

/** @throws StorageError if a key leads out of its storage or means nothing in one */
export function checkedKey(key: string): string {
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..') || key.includes('\0')) {
    throw new StorageError('Other', `"${key}" is not a key of a storage`);
  }
  return key;
}
