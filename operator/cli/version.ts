import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../api/v1alpha1/wire-guards.ts';

/** The release of this program, or `unknown` where its package.json did not come with it. */
export function readVersion(programFolder: string): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(programFolder, 'package.json'), 'utf8'));
    return isObject(manifest) && typeof manifest.version === 'string' ? manifest.version : 'unknown';
  } catch {
    return 'unknown';
  }
}
