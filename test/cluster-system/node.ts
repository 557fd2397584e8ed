import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { openHttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { runClusterNode } from '../../operator/local/cluster-node.ts';

/** The program of one node: the node agent, joined to a real API server, until SIGTERM. */
const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'node' },
    kubeconfig: { type: 'string', default: '' },
    folder: { type: 'string', default: '' },
    gpus: { type: 'string', default: '2' },
    image: { type: 'string', default: 'trainer:test' },
  },
});
const stop = new AbortController();
process.on('SIGTERM', () => {
  stop.abort();
});
const log = createLogger('debug', { component: 'node', node: values.name });
const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(values.kubeconfig);
const cluster = await openHttpCluster({ access: kubeConfig, userAgent: 'ringmaster-node', log });
await runClusterNode({
  cluster,
  clock: systemClock,
  log,
  nodeName: values.name,
  folder: values.folder,
  capacity: {
    gpus: { resourceName: 'nvidia.com/gpu', count: Number(values.gpus) },
    cpu: '64',
    memory: '512Gi',
  },
  images: {
    [values.image]: [
      process.execPath,
      fileURLToPath(new URL('../../trainer-image/main.ts', import.meta.url)),
    ],
  },
  signal: stop.signal,
});
await cluster.close();
