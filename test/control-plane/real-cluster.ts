import { KubeConfig } from '@kubernetes/client-node';
import {
  openHttpCluster,
  type HttpCluster,
  type HttpClusterOptions,
} from '../../operator/cluster/http/open-http-cluster.ts';
import type { ControlPlane } from './start.ts';
import { until } from './until.ts';

/** Makes a namespace and waits for its service account, without which pods are refused. */
export async function createNamespace(controlPlane: ControlPlane, name: string): Promise<string> {
  const { code, body } = await controlPlane.fetch('POST', '/api/v1/namespaces', { metadata: { name } });
  if (code !== 201) throw new Error(`the namespace was refused: ${JSON.stringify(body)}`);
  await until(`the service account of namespace ${name}`, async () => {
    const account = await controlPlane.fetch('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
    return account.code === 200 ? true : undefined;
  });
  return name;
}

/** Opens the http adapter on a control plane. No rate limit of its own, unless a test is about that. */
export async function openRealCluster(
  controlPlane: ControlPlane,
  options: Omit<HttpClusterOptions, 'access'> & { readonly user?: string } = {},
): Promise<HttpCluster> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(await controlPlane.kubeconfigFile(options.user));
  return openHttpCluster({ rateLimit: { perSecond: 10_000, burst: 10_000 }, ...options, access: kubeConfig });
}
