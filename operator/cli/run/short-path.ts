import { relative } from 'node:path';

/** A path as somebody in the working folder would type it: relative below it, absolute elsewhere. */
export function shortPath(path: string, workingFolder: string): string {
  const fromHere = relative(workingFolder, path);
  return fromHere === '..' || fromHere.startsWith('../') ? path : fromHere;
}
