import type { KubernetesObject } from '../api/wire.ts';
import { toTimestamp } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import type { ResourceType } from '../cluster/cluster.ts';
import { leases, toMicroTime } from '../cluster/http/lease.ts';
import { callPatiently } from './call-patiently.ts';
import { runNodeAgent, type NodeAgentOptions } from './node-agent.ts';

/** A Node, as far as its own kubelet writes it. */
interface Node extends KubernetesObject {
  apiVersion: 'v1';
  kind: 'Node';
  status?: { conditions?: { type: string; status: string }[] };
}

const nodes: ResourceType<Node> = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', scope: 'Cluster' };

/** Where the node lifecycle controller looks for a node's sign of life. */
const leaseNamespace = 'kube-node-lease';

/** What a node that runs pods as processes offers to a real scheduler. */
export interface NodeCapacity {
  /** Extended resource and how many of it: the GPU slots. */
  readonly gpus: { readonly resourceName: string; readonly count: number };
  /** Quantities, such as `8` and `16Gi`. */
  readonly cpu: string;
  readonly memory: string;
}

export interface ClusterNodeOptions extends Omit<NodeAgentOptions, 'gpuSlots'> {
  readonly capacity: NodeCapacity;
  /** Time between two signs of life. Default 2 s; a kubelet's is 10 s. */
  readonly heartbeatMs?: number;
}

/**
 * Joins a node agent to a real cluster as a Node object: the cluster's own scheduler puts pods on it, and its node
 * lifecycle controller gives the node up when the heartbeat ends. Runs until `signal` is aborted and all pods have ended.
 */
export async function runClusterNode(options: ClusterNodeOptions): Promise<void> {
  const { nodeName, log, signal } = options;
  await register(options);
  log.info({ node: nodeName }, 'the node has joined');
  const beating = new AbortController();
  const parts = [beat(options, beating.signal)];
  // No pod should be sent here while the last ones end.
  const leave = () => parts.push(sayLeaving(options));
  signal.addEventListener('abort', leave, { once: true, signal: beating.signal });
  try {
    await runNodeAgent(options);
  } finally {
    beating.abort();
    await Promise.all(parts);
  }
}

/** Makes the Node, or takes over the one of an agent before, and says that it is ready. */
async function register(options: ClusterNodeOptions): Promise<void> {
  const { cluster, nodeName } = options;
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' },
    },
  };
  await callPatiently(options, async () => {
    try {
      await cluster.create(nodes, node);
    } catch (error) {
      if (!isClusterError(error, 'AlreadyExists')) throw error;
    }
    await writeStatus(options, isReady);
    await renewLease(options);
  });
}

/** Signs of life until `signal` is aborted; one that fails is followed by the next. */
async function beat(options: ClusterNodeOptions, signal: AbortSignal): Promise<void> {
  const { clock, heartbeatMs = 2000, log } = options;
  for (;;) {
    await clock.sleep(heartbeatMs, signal);
    if (signal.aborted) return;
    try {
      await renewLease(options);
      // A kubelet, too, writes its status again when the lifecycle controller has taken it for lost.
      if (!options.signal.aborted && !(await isThoughtReady(options))) await writeStatus(options, isReady);
    } catch (error) {
      log.warn({ error: describeError(error) }, 'the heartbeat could not be written');
    }
  }
}

async function sayLeaving(options: ClusterNodeOptions): Promise<void> {
  try {
    await writeStatus(options, isLeaving);
  } catch (error) {
    options.log.warn({ error: describeError(error) }, 'the cluster does not know that this node ends');
  }
}

interface Readiness {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}
const isReady: Readiness = { status: 'True', reason: 'KubeletReady', message: 'the node agent runs' };
const isLeaving: Readiness = {
  status: 'False',
  reason: 'KubeletNotReady',
  message: 'the node agent was told to end',
};

async function writeStatus(
  { cluster, clock, nodeName, capacity: { gpus, cpu, memory } }: ClusterNodeOptions,
  ready: Readiness,
): Promise<void> {
  const now = toTimestamp(clock.now());
  const room = { cpu, memory, pods: '110', [gpus.resourceName]: String(gpus.count) };
  await cluster.patchStatus(nodes, keyOf(nodeName), {
    status: {
      capacity: room,
      allocatable: room,
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      conditions: [{ type: 'Ready', ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
    },
  });
}

async function isThoughtReady({ cluster, nodeName }: ClusterNodeOptions): Promise<boolean> {
  const node = await cluster.get(nodes, keyOf(nodeName));
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

async function renewLease({ cluster, clock, nodeName }: ClusterNodeOptions): Promise<void> {
  const key = { namespace: leaseNamespace, name: nodeName };
  const spec = {
    holderIdentity: nodeName,
    leaseDurationSeconds: 40, // A kubelet's.
    renewTime: toMicroTime(clock.now()),
  };
  try {
    await cluster.patch(leases, key, { spec });
  } catch (error) {
    if (!isClusterError(error, 'NotFound')) throw error;
    await cluster.create(leases, {
      apiVersion: leases.apiVersion,
      kind: leases.kind,
      metadata: key,
      spec,
    });
  }
}

/** A Node is in no namespace. */
function keyOf(name: string): { namespace: string; name: string } {
  return { namespace: '', name };
}
