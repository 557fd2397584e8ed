import { InvalidData } from '../invalid-data.ts';

/** Where the files of one half of a data set are. */
export interface DataLocation {
  /** A folder, or bucket and prefix: what storage is opened with, and what keys are below. */
  readonly root: string;
  /** Which keys below the root, with `*` for anything but a slash; absent for all. */
  readonly pattern?: string;
}

/**
 * Takes a location such as `s3://datasets/imagenet/train-*` apart.
 * @throws InvalidData if a star stands in the name of the bucket or below nothing
 */
export function parseDataLocation(uri: string): DataLocation {
  const star = uri.indexOf('*');
  if (star < 0) return { root: uri };
  const slash = uri.lastIndexOf('/', star);
  const root = uri.slice(0, slash);
  if (slash < 0 || root.endsWith('/') || root === 's3:') {
    throw new InvalidData(`${uri} has a * where none can be; use it in names below a folder or a bucket`);
  }
  return { root: root === '' ? '/' : root, pattern: uri.slice(slash + 1) };
}

/** Whether a key fits a pattern of {@link DataLocation}. */
export function fitsPattern(key: string, pattern: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`^${expression}$`).test(key);
}

/** Files of tools and systems, such as `.DS_Store` or our own `.ringmaster/`. */
export function isHidden(key: string): boolean {
  return key.split('/').some((part) => part.startsWith('.'));
}
