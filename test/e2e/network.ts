import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const runProgram = promisify(execFile);

/** Addresses of the cluster's own network. */
export const addresses = {
  bridge: 'br0',
  podPrefix: '10.88.0',
  /** The node's, and of everything of this machine that pods may reach. */
  node: '10.88.0.1',
  services: '10.96.0.0/24',
  /** The Service `kubernetes`; always the first of the range. */
  apiServer: '10.96.0.1',
  dns: '10.96.0.10',
} as const;

/** Folders that the kubelet, the CNI plugins and containerd write to wherever they are told to keep their state. */
const scratchFolders = [
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/run/containerd',
  '/var/log/containers',
  '/var/log/pods',
];

/** Settings of the kernel that the kubelet changes for the whole machine. */
const kernelSettings = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'].map(
  (name) => `/proc/sys/${name}`,
);

/**
 * Makes a network and scratch folders inside the namespaces that `test/e2e/main.ts` started this process in: a bridge
 * that carries the addresses of Services, so that neither kube-proxy nor iptables is needed.
 */
export async function openNetwork(): Promise<{ close(): Promise<void> }> {
  for (const folder of scratchFolders) {
    await mkdir(folder, { recursive: true });
    await runProgram('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  }
  const ip = (...words: string[]) => runProgram('ip', words);
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', addresses.bridge, 'type', 'bridge');
  for (const address of [`${addresses.node}/24`, `${addresses.apiServer}/32`, `${addresses.dns}/32`])
    await ip('addr', 'add', address, 'dev', addresses.bridge);
  await ip('link', 'set', addresses.bridge, 'up');
  const before = await Promise.all(
    kernelSettings.map(async (file) => [file, await readFile(file, 'utf8')] as const),
  );
  return {
    close: async () => {
      for (const [file, value] of before) await writeFile(file, value);
    },
  };
}
