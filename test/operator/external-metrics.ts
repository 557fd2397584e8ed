import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toTimestamp } from '../../operator/base/clock.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';

const groupVersion = 'external.metrics.k8s.io/v1beta1';

/** The API from which HorizontalPodAutoscalers read metrics of things outside. */
export interface ExternalMetrics {
  /** Value of a metric from now on. */
  set(metric: string, value: number): void;
  close(): Promise<void>;
}

/**
 * Serves external metrics, as prometheus-adapter or KEDA do, and has the API server pass requests for them on to it.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer
 */
export async function serveExternalMetrics(controlPlane: ControlPlane): Promise<ExternalMetrics> {
  const values = new Map<string, number>();
  const read = (file: string) => readFile(join(controlPlane.folder, file), 'utf8');
  const server = createServer({ cert: await read('apiserver.crt'), key: await read('apiserver.key') });
  server.on('request', ({ url = '' }, response) => {
    const answer = answerTo(url.split('?')[0] ?? '', values);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await register(controlPlane, port);
  return {
    set: (metric, value) => values.set(metric, value),
    close: async () => {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(path: string, values: ReadonlyMap<string, number>): object | undefined {
  if (path === `/apis/${groupVersion}`)
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [] };
  const [, metricName] = /^\/apis\/[^/]+\/v1beta1\/namespaces\/[^/]+\/([^/]+)$/.exec(path) ?? [];
  const value = metricName === undefined ? undefined : values.get(metricName);
  if (value === undefined) return undefined;
  const item = { metricName, metricLabels: {}, timestamp: toTimestamp(Date.now()), value: String(value) };
  return { kind: 'ExternalMetricValueList', apiVersion: groupVersion, metadata: {}, items: [item] };
}

async function register(controlPlane: ControlPlane, port: number): Promise<void> {
  const namespace = 'kube-system';
  const name = 'external-metrics';
  const post = async (path: string, body: object) => {
    const { code, body: answer } = await controlPlane.fetch('POST', path, body);
    if (code !== 201) throw new Error(`${path} was refused: ${JSON.stringify(answer)}`);
  };
  // By a name, as nothing here gives addresses to Services.
  await post(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  });
  const [group = '', version = ''] = groupVersion.split('/');
  const collection = '/apis/apiregistration.k8s.io/v1/apiservices';
  await post(collection, {
    metadata: { name: `${version}.${group}` },
    spec: {
      group,
      version,
      service: { namespace, name, port },
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
  await until('the API server passes requests for metrics on', async () => {
    const { code } = await controlPlane.fetch('GET', `/apis/${groupVersion}`);
    return code === 200 ? true : undefined;
  });
}
