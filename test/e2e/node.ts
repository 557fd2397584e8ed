import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { startChild, type Child } from '../control-plane/child.ts';
import { wholeClusterPrograms } from '../control-plane/programs.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { addresses } from './network.ts';

const runProgram = promisify(execFile);

export const nodeName = 'node-1';
/** The kubelet as the API server knows it. */
export const nodeUser = { name: `system:node:${nodeName}`, groups: ['system:nodes'] } as const;
/** Tag of an image whose process waits, for the sandboxes of pods. */
export const pauseImage = 'localhost/test/pause:1';

/** A real node: kubelet, containerd, and the cluster's DNS. */
export interface WholeNode {
  /** Imports an archive of `buildah push`. */
  importImage(archive: string): Promise<void>;
  /** Gives an image that is there another name. */
  tagImage(image: string, other: string): Promise<void>;
  /** Starts the kubelet and waits until the node is ready. Images that its pods need come first. */
  startKubelet(): Promise<void>;
  close(): Promise<void>;
}

/** Starts containerd and CoreDNS; everything lies below `folder`. */
export async function startNode(controlPlane: ControlPlane, folder: string): Promise<WholeNode> {
  const { kubelet, coredns } = await wholeClusterPrograms();
  const at = (...parts: string[]) => path.join(folder, ...parts);
  const socket = at('containerd.sock');
  const children: Child[] = [];
  const start = async (name: string, program: string, args: readonly string[]) => {
    const child = await startChild(name, program, args, at(`${name}.log`));
    children.push(child);
    return child;
  };
  const running = async () => {
    for (const child of children) {
      const end = await child.ended();
      if (end !== undefined) throw new Error(end);
    }
  };
  await mkdir(at('cni'), { recursive: true });
  await mkdir(at('pod-logs'));
  await mkdir(at('volume-plugins'));
  await writeFile(at('containerd.toml'), containerdConfig(folder, socket));
  await writeFile(at('cni', '10-test.conflist'), JSON.stringify(network(at('addresses'))));
  await writeFile(at('Corefile'), corefile(await controlPlane.kubeconfigFile()));
  await start('coredns', coredns, ['-conf', at('Corefile')]);
  await start('containerd', 'containerd', ['--config', at('containerd.toml')]);
  const ctr = (args: readonly string[]) =>
    runProgram('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);
  await until('containerd answers', async () => {
    await running();
    return ctr(['version']).catch(() => undefined);
  });

  return {
    importImage: async (archive) => {
      await ctr(['images', 'import', archive]);
    },
    tagImage: async (image, other) => {
      await ctr(['images', 'tag', image, other]);
    },
    startKubelet: async () => {
      await writeFile(at('kubelet.yaml'), JSON.stringify(await kubeletConfig(folder, socket)));
      await start('kubelet', kubelet, [
        `--config=${at('kubelet.yaml')}`,
        `--kubeconfig=${await controlPlane.kubeconfigFile(nodeUser.name)}`,
        `--root-dir=${at('kubelet')}`,
        `--cert-dir=${at('kubelet', 'pki')}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${addresses.node}`,
      ]);
      await until(
        'the node is ready',
        async () => {
          await running();
          const { body } = await controlPlane.fetch('GET', `/api/v1/nodes/${nodeName}`);
          return JSON.stringify(body).includes('"KubeletReady"') ? true : undefined;
        },
        { timeoutMs: 120_000 },
      );
    },
    close: async () => {
      // The kubelet first, so that it does not see the others go.
      for (const child of children.reverse()) {
        child.signal('SIGTERM');
        await until(`${child.name} ends`, async () =>
          (await child.ended()) === undefined ? undefined : true,
        ).catch(() => child.kill());
      }
    },
  };
}

/**
 * Settings for a root without CAP_SYS_RESOURCE: without `restrict_oom_score_adj` every sandbox dies with "can't get
 * final child's PID from pipe".
 */
function containerdConfig(folder: string, socket: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/containerd/opt"
[${cri}]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${folder}/cni"
[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  BinaryName = "/usr/sbin/runc"
  Root = "${folder}/containerd/runc"
  SystemdCgroup = false
`;
}

/** Pods on the bridge. Neither gateway nor masquerading, so nothing touches iptables or the kernel's settings. */
function network(leases: string): object {
  const subnet = {
    subnet: `${addresses.podPrefix}.0/24`,
    gateway: addresses.node,
    rangeStart: `${addresses.podPrefix}.10`,
  };
  return {
    cniVersion: '0.4.0',
    name: 'test',
    plugins: [
      {
        type: 'bridge',
        bridge: addresses.bridge,
        isGateway: false,
        ipMasq: false,
        ipam: { type: 'host-local', dataDir: leases, ranges: [[subnet]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  };
}

/** Answers are kept for a second only: addresses of pods change from attempt to attempt. */
function corefile(kubeconfig: string): string {
  return `.:53 {
  bind ${addresses.dns}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfig}
    ttl 1
  }
  cache 1
}
`;
}

async function kubeletConfig(folder: string, socket: string): Promise<object> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const [, maxOpenFiles] = /^Max open files\s+\d+\s+(\d+)/m.exec(limits) ?? [];
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: addresses.node,
    port: 10250,
    healthzPort: 0,
    clusterDNS: [addresses.dns],
    clusterDomain: 'cluster.local',
    // Logs and exec go from the API server to here, inside a network of their own.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${socket}`,
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    enforceNodeAllocatable: [],
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    maxOpenFiles: Number(maxOpenFiles ?? 1024),
    podLogsDir: path.join(folder, 'pod-logs'),
    volumePluginDir: path.join(folder, 'volume-plugins'),
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
      'imagefs.inodesFree': '0%',
    },
  };
}
