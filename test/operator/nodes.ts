import type { ControlPlane } from '../control-plane/start.ts';

/** Makes a node that the scheduler takes for a machine with GPUs. No kubelet looks after it; a test or kwok does. */
export async function createNode(controlPlane: ControlPlane, name: string, gpus = 8): Promise<void> {
  const metadata = { name, labels: { 'kubernetes.io/hostname': name } };
  const room = { cpu: '64', memory: '512Gi', pods: '1000', 'nvidia.com/gpu': String(gpus) };
  const send = async (method: 'POST' | 'PUT', path: string, node: object) => {
    // Without a resource version, as controllers write to new nodes too.
    const { code, body } = await controlPlane.fetch(method, path, node);
    if (code !== 200 && code !== 201) throw new Error(`node ${name} was refused: ${JSON.stringify(body)}`);
  };
  const path = `/api/v1/nodes/${name}`;
  await send('POST', '/api/v1/nodes', { metadata });
  // Admission marks every new node as not ready; the node lifecycle controller would take that away.
  await send('PUT', path, { metadata, spec: {} });
  await send('PUT', `${path}/status`, {
    metadata,
    status: {
      capacity: room,
      allocatable: room,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'somebody looks after it' },
      ],
    },
  });
}
