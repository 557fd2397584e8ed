import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
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

/** The usual gauge that says which release runs, so that a change of figures can be laid beside an upgrade. */
export function registerBuildInfo(registry: Registry, programFolder: string): void {
  new Gauge({
    name: 'ringmaster_build_info',
    help: 'Always 1; its labels say which release this is and what it runs on.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: readVersion(programFolder), node_version: process.versions.node }, 1);
}
