import { labels, managedByValue } from '../../operator/api/v1alpha1/group.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { releaseNamespace } from '../chart/cluster.ts';
import { discoveredPods } from '../monitoring/pod-discovery.ts';
import { relabelConfigs, shippedPodMonitors } from '../monitoring/pod-monitor.ts';
import { startPrometheus, type Prometheus } from '../monitoring/prometheus.ts';
import { serveText } from '../monitoring/serve-text.ts';
import type { WholeCluster } from './cluster.ts';
import { namespace } from './runs.ts';

/** A real Prometheus that finds operator and trainers by the rules of the shipped PodMonitors, among all pods. */
export async function startScraping({ cluster, folder }: WholeCluster): Promise<Prometheus> {
  const pods = async () => [
    ...(await cluster.list(resourceTypes.pods, { namespace: releaseNamespace })),
    ...(await cluster.list(resourceTypes.pods, {
      namespace,
      labels: { [labels.managedBy]: managedByValue },
    })),
  ];
  const discovery = await serveText('application/json', async () =>
    JSON.stringify(discoveredPods(await pods())),
  );
  const monitors = await shippedPodMonitors();
  const prometheus = await startPrometheus(folder, {
    scrape_configs: Object.entries(monitors).map(([name, monitor]) => ({
      job_name: name,
      honor_labels: monitor.spec.podMetricsEndpoints[0].honorLabels,
      http_sd_configs: [{ url: `http://127.0.0.1:${discovery.port}`, refresh_interval: '1s' }],
      relabel_configs: relabelConfigs(monitor),
    })),
  });
  return {
    ...prometheus,
    close: async () => {
      await prometheus.close();
      await discovery.close();
    },
  };
}
