import type { Pod } from '../../operator/api/wire.ts';

const meta = '__meta_kubernetes_pod';

/**
 * Targets as the `pod` role of Prometheus's Kubernetes discovery gives them, for its HTTP discovery: Debian builds
 * Prometheus without the former.
 */
export function discoveredPods(pods: readonly Pod[]): object[] {
  return pods.flatMap(({ metadata, spec, status }) =>
    status?.podIP === undefined
      ? []
      : spec.containers.flatMap(({ name, ports = [] }) =>
          ports.map((port) => ({
            targets: [`${status.podIP ?? ''}:${port.containerPort}`],
            labels: {
              __meta_kubernetes_namespace: metadata.namespace ?? 'default',
              [`${meta}_name`]: metadata.name,
              [`${meta}_phase`]: status.phase ?? '',
              [`${meta}_container_name`]: name,
              [`${meta}_container_port_name`]: port.name,
              ...Object.fromEntries(
                Object.entries(metadata.labels ?? {}).map(([label, value]) => [labelMeta(label), value]),
              ),
            },
          })),
        ),
  );
}

/** The name under which Prometheus knows a label of a pod before relabelling. */
export function labelMeta(label: string): string {
  return `${meta}_label_${label.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;
}
