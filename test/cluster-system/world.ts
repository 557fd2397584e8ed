import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../control-plane/child.ts';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { createNamespace, openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { systemClock } from '../../operator/base/clock.ts';
import type { HttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { writeSmallDataSet } from '../fixtures/small-data-set.ts';
import { installRights } from '../operator/install.ts';
import { watchInvariants, type InvariantWatch } from '../operator/invariants.ts';
import { startManager, type ManagerProcess } from '../operator/manager.ts';
import { startFaultProxy, type FaultProxy } from '../s3/fault-proxy.ts';
import { startS3Server, testKeys, type S3Server } from '../s3/server.ts';

const nodeProgram = fileURLToPath(new URL('./node.ts', import.meta.url));

export const namespace = 'vision';
export const bucket = 'runs';
/** The Secret with the keys to the bucket. */
export const keysSecret = 's3-keys';

/** Steps of an epoch of the small data set at batch size 32, and images to evaluate on. */
export const stepsPerEpoch = 48;
const validationImages = 200;

/**
 * Everything but containers, as processes: control plane, operator with the rights that the chart ships, nodes that run
 * pods as real trainers, object storage behind a proxy that can take it away.
 */
export interface ClusterSystem {
  readonly folder: string;
  /** Folder of the small data set. */
  readonly data: string;
  readonly controlPlane: ControlPlane;
  /** The API as the cluster admin. */
  readonly cluster: HttpCluster;
  readonly storage: S3Server;
  readonly proxy: FaultProxy;
  readonly invariants: InvariantWatch;
  /** Operators that ran, the present one last. One that ends, as after the loss of its lease, is followed by the next. */
  readonly operators: readonly ManagerProcess[];
  readonly nodes: readonly SystemNode[];
  /** Ends every process and removes every file. */
  close(): Promise<void>;
}

/** A node of two GPU slots. */
export interface SystemNode {
  readonly name: string;
  /** Its agent's folder: pods, logs. */
  readonly folder: string;
  /** The agent's process. */
  agent(): Child;
  /** Starts the agent unless it runs, in the folder of the one before, and waits until the node is ready. */
  start(): Promise<void>;
}

export interface ClusterSystemOptions {
  /** Steps of an epoch at batch size 32. Default {@link stepsPerEpoch}. */
  readonly stepsPerEpoch?: number;
}

export async function openClusterSystem(options: ClusterSystemOptions = {}): Promise<ClusterSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-cluster-system-'));
  const closers: (() => Promise<void>)[] = [
    () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  ];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const data = join(folder, 'data');
    await writeSmallDataSet(data, {
      training: 32 * (options.stepsPerEpoch ?? stepsPerEpoch),
      validation: validationImages,
    });
    const controlPlane = await startControlPlane({
      crdFiles: shippedCrdFiles,
      // 300 s by default; pods of a lost node should not keep a test waiting.
      apiServerFlags: [
        '--default-not-ready-toleration-seconds=1',
        '--default-unreachable-toleration-seconds=1',
      ],
      // Loopback addresses are no endpoints to Kubernetes, and nobody here asks for any; its complaints would fill the events.
      controllerManagerFlags: [
        `--controllers=*,${['node-ipam', 'cloud-node-lifecycle', 'endpoints', 'endpointslice'].map((name) => `-${name}-controller`).join(',')}`,
      ],
    });
    closers.push(() => controlPlane.close());
    const storage = await startS3Server();
    closers.push(() => storage.close());
    await storage.createBucket(bucket);
    const proxy = await startFaultProxy(storage.port);
    closers.push(() => proxy.close());
    const cluster = await openRealCluster(controlPlane);
    closers.push(() => cluster.close());
    await createNamespace(controlPlane, namespace);
    await createKeys(controlPlane);
    const invariants = await watchInvariants(cluster);
    closers.push(() => invariants.close());

    const kubeconfig = await installRights(controlPlane);
    const operators: ManagerProcess[] = [];
    const lifetime = new AbortController();
    const deployment = keepOperator({ kubeconfig, folder, operators, signal: lifetime.signal });
    closers.push(async () => {
      lifetime.abort();
      await deployment;
      await operators.at(-1)?.child.kill();
    });
    const first = await until('an operator', () => operators[0]);
    await first.says('the controllers have seen everything and begin');

    const nodes = ['node-1', 'node-2'].map((name) => describeNode(name, folder, controlPlane));
    for (const node of nodes) closers.push(() => node.agent().kill());
    await Promise.all(nodes.map((node) => node.start()));
    return {
      ...{ folder, data, controlPlane, cluster, storage, proxy, invariants, operators, nodes, close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface OperatorPlace {
  readonly kubeconfig: string;
  readonly folder: string;
  readonly operators: ManagerProcess[];
  readonly signal: AbortSignal;
}

/** As a Deployment of one replica does: starts another operator when the one before has ended. */
async function keepOperator({ kubeconfig, folder, operators, signal }: OperatorPlace): Promise<void> {
  while (!signal.aborted) {
    const isRunning = operators.length > 0 && (await operators.at(-1)?.child.ended()) === undefined;
    if (!isRunning) {
      const name = `operator-${operators.length + 1}`;
      operators.push(await startManager({ name, kubeconfig, folder }));
    }
    await systemClock.sleep(500, signal);
  }
}

async function createKeys({ fetch }: ControlPlane): Promise<void> {
  const { code } = await fetch('POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: keysSecret },
    stringData: {
      AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
    },
  });
  if (code !== 201) throw new Error(`the Secret was refused with ${code}`);
}

function describeNode(name: string, root: string, controlPlane: ControlPlane): SystemNode {
  const folder = join(root, name);
  let agent: Child | undefined;
  const running = () => {
    if (agent === undefined) throw new Error(`${name} was never started`);
    return agent;
  };
  const startAgent = async () => {
    const kubeconfig = await controlPlane.kubeconfigFile();
    const flags = [`--name=${name}`, `--kubeconfig=${kubeconfig}`, `--folder=${folder}`, '--gpus=2'];
    return startChild(name, process.execPath, [nodeProgram, ...flags], join(root, `${name}.log`));
  };
  return {
    name,
    folder,
    agent: running,
    start: async () => {
      if (agent === undefined || (await agent.ended()) !== undefined) agent = await startAgent();
      await until(`${name} takes pods`, async () => {
        const end = await running().ended();
        if (end !== undefined) throw new Error(end);
        const { body } = await controlPlane.fetch('GET', `/api/v1/nodes/${name}`);
        // Every node begins with taints, which the lifecycle controller takes away once it is ready.
        return JSON.stringify(body).includes('"taints"') || !JSON.stringify(body).includes('KubeletReady')
          ? undefined
          : true;
      });
    },
  };
}
