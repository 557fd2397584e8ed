import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The path on this machine that a location names, or `undefined` if it lies elsewhere (`s3://`).
 * `file:///a%20b` is decoded; a relative path is relative to the working directory.
 */
export function localPath(uri: string): string | undefined {
  if (uri.startsWith('file://')) return fileURLToPath(uri);
  return /^[a-z0-9+.-]+:\/\//i.test(uri) ? undefined : path.resolve(uri);
}
