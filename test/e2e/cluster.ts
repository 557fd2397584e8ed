import type { HttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { kubectl } from '../operator/install.ts';
import { startS3Server, type S3Server } from '../s3/server.ts';
import { handedOver, runFolder } from './images.ts';
import { addresses, openNetwork } from './network.ts';
import { nodeName, nodeUser, startNode, type WholeNode } from './node.ts';
import { relay } from './relay.ts';

const apiServerPort = 443;
const s3Port = 9000;
/** GPUs that the node says it has; trainers compute on the processor. */
const gpus = 16;

/** A whole cluster of one node, of real parts, with object storage beside it. */
export interface WholeCluster {
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  readonly cluster: HttpCluster;
  readonly node: WholeNode;
  readonly storage: S3Server;
  /** Where pods reach the storage. */
  readonly storageEndpoint: string;
  readonly kubectl: (args: readonly string[], input?: object) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function openWholeCluster(): Promise<WholeCluster> {
  const folder = runFolder();
  const { archives } = await handedOver();
  // Images are unpacked for accounts other than root too.
  process.umask(0o022);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const network = await openNetwork();
    closers.push(() => network.close());
    const controlPlane = await startControlPlane({
      users: [nodeUser],
      apiServerFlags: [
        `--advertise-address=${addresses.node}`,
        `--service-cluster-ip-range=${addresses.services}`,
        '--kubelet-preferred-address-types=InternalIP',
      ],
    });
    closers.push(() => controlPlane.close());
    const toApiServer = await relay(
      { address: addresses.apiServer, port: apiServerPort },
      Number(new URL(controlPlane.server).port),
    );
    closers.push(() => toApiServer.close());
    const storage = await startS3Server();
    closers.push(() => storage.close());
    const toStorage = await relay({ address: addresses.node, port: s3Port }, storage.port);
    closers.push(() => toStorage.close());
    const cluster = await openRealCluster(controlPlane);
    closers.push(() => cluster.close());
    const node = await startNode(controlPlane, folder);
    closers.push(() => node.close());
    for (const archive of Object.values(archives)) await node.importImage(archive);
    await node.startKubelet();
    const gpuPatch = {
      status: {
        capacity: { 'nvidia.com/gpu': String(gpus) },
        allocatable: { 'nvidia.com/gpu': String(gpus) },
      },
    };
    await kubectl(controlPlane, [
      'patch',
      'node',
      nodeName,
      '--subresource=status',
      '--type=merge',
      '--patch',
      JSON.stringify(gpuPatch),
    ]);
    return {
      ...{ folder, controlPlane, cluster, node, storage, close },
      storageEndpoint: `http://${addresses.node}:${s3Port}`,
      kubectl: (args, input) =>
        kubectl(controlPlane, args, input === undefined ? undefined : JSON.stringify(input)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
