import { loadAll } from 'js-yaml';
import * as z from 'zod';
import { renderChart } from '../operator/install.ts';
import { labelMeta } from './pod-discovery.ts';

const PodMonitor = z.object({
  kind: z.literal('PodMonitor'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    podMetricsEndpoints: z.tuple([
      z.object({
        port: z.string(),
        honorLabels: z.boolean().default(false),
        relabelings: z.array(
          z.object({
            sourceLabels: z.array(z.string()).optional(),
            targetLabel: z.string(),
            replacement: z.string().optional(),
          }),
        ),
      }),
    ]),
  }),
});
type PodMonitor = z.output<typeof PodMonitor>;

/** The chart's PodMonitors, as a cluster with Prometheus's operator gets them. */
export async function shippedPodMonitors(): Promise<{ operator: PodMonitor; trainers: PodMonitor }> {
  const objects = loadAll(await renderChart(['monitors'], [], ['monitoring.coreos.com/v1']));
  const monitors = objects.flatMap((object) => PodMonitor.safeParse(object).data ?? []);
  const named = (name: string) => {
    const found = monitors.find(({ metadata }) => metadata.name === `ringmaster-${name}`);
    if (found === undefined) throw new Error(`the chart has no PodMonitor of ${name}`);
    return found;
  };
  return { operator: named('operator'), trainers: named('trainers') };
}

const meta = '__meta_kubernetes_pod';

/**
 * What Prometheus's operator makes of a PodMonitor: it keeps running pods of the selector and the named port, tells
 * namespace, pod and container, and then does what the monitor says.
 * (https://github.com/prometheus-operator/prometheus-operator, `pkg/prometheus/promcfg.go`)
 */
export function relabelConfigs({ spec }: PodMonitor): object[] {
  const [{ port, relabelings }] = spec.podMetricsEndpoints;
  return [
    { action: 'drop', source_labels: [`${meta}_phase`], regex: '(Failed|Succeeded)' },
    ...Object.entries(spec.selector.matchLabels).map(([label, value]) => ({
      action: 'keep',
      source_labels: [labelMeta(label)],
      regex: value,
    })),
    { action: 'keep', source_labels: [`${meta}_container_port_name`], regex: port },
    { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
    { source_labels: [`${meta}_container_name`], target_label: 'container' },
    { source_labels: [`${meta}_name`], target_label: 'pod' },
    ...ownRelabelings(relabelings),
  ];
}

/** What a monitor itself says, in Prometheus's own spelling. */
export function ownRelabelings(
  relabelings: PodMonitor['spec']['podMetricsEndpoints'][0]['relabelings'],
): object[] {
  return relabelings.map(({ sourceLabels, targetLabel, replacement }) => ({
    target_label: targetLabel,
    ...(sourceLabels === undefined ? {} : { source_labels: sourceLabels }),
    ...(replacement === undefined ? {} : { replacement }),
  }));
}
