import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import type { KubernetesObject } from '../../operator/api/wire.ts';
import type { ResourceType } from '../../operator/cluster/cluster.ts';
import type { ControlPlane } from '../control-plane/start.ts';

/** A node, as far as tests look at it. */
export interface Node extends KubernetesObject {
  apiVersion: 'v1';
  kind: 'Node';
}

export const nodes: ResourceType<Node> = { apiVersion: 'v1', kind: 'Node', plural: 'nodes' };

/** Makes a node that the scheduler takes for a machine with GPUs. No kubelet looks after it; a test does. */
export async function createNode(controlPlane: ControlPlane, name: string, gpus = 8): Promise<void> {
  const room = { cpu: '64', memory: '512Gi', pods: '1000', 'nvidia.com/gpu': String(gpus) };
  const node = { metadata: { name, labels: { 'kubernetes.io/hostname': name } } };
  const created = await controlPlane.fetch('POST', '/api/v1/nodes', node);
  if (created.code !== 201) throw new Error(`node ${name} was refused: ${JSON.stringify(created.body)}`);
  if (!isObject(created.body)) throw new TypeError('the server answers with an object');
  // Admission marks every new node as not ready; the node lifecycle controller would take that away.
  const { code: untainted, body } = await controlPlane.fetch('PUT', `/api/v1/nodes/${name}`, {
    ...created.body,
    spec: {},
  });
  if (untainted !== 200 || !isObject(body)) throw new Error(`node ${name} keeps its taints`);
  const { code } = await controlPlane.fetch('PUT', `/api/v1/nodes/${name}/status`, {
    ...body,
    status: {
      capacity: room,
      allocatable: room,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'a test looks after it' },
      ],
    },
  });
  if (code !== 200) throw new Error(`the status of node ${name} was refused`);
}
