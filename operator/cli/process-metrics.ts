import { collectDefaultMetrics, type Registry } from 'prom-client';
import { registerBuildInfo } from './build-info.ts';

/** Gauges of prom-client that are named like counters, which promtool refuses; the ones by type say the same. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Memory, processor time, event loop lag and garbage collection of this process, and which release it is. */
export function registerProcessMetrics(registry: Registry, programFolder: string): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  registerBuildInfo(registry, programFolder);
}
