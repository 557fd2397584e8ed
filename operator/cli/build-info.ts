import { Gauge, type Registry } from 'prom-client';
import { readVersion } from './version.ts';

/** The usual gauge that says which release runs, so that a change of figures can be laid beside an upgrade. */
export function registerBuildInfo(registry: Registry, programFolder: string): void {
  new Gauge({
    name: 'ringmaster_build_info',
    help: 'Always 1; its labels say which release this is and what it runs on.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: readVersion(programFolder), node_version: process.versions.node }, 1);
}
