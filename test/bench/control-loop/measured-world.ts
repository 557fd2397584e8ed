import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedCrdFiles } from '../../control-plane/install-crd.ts';
import { openRealCluster } from '../../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/start.ts';
import type { HttpCluster } from '../../../operator/cluster/http/open-http-cluster.ts';
import { createAuditLog, type AuditLog } from '../../operator/audit-log.ts';
import { installRights } from '../../operator/install.ts';
import { startKwok } from '../../operator/kwok.ts';
import { startManager, type ManagerProcess } from '../../operator/manager.ts';
import { createNode } from '../../operator/nodes.ts';
import { shippedOperator } from '../../operator/shipped-operator.ts';

/** A control plane with fake nodes and one operator, all measured. */
export interface MeasuredWorld {
  readonly controlPlane: ControlPlane;
  readonly cluster: HttpCluster;
  readonly audit: AuditLog;
  readonly manager: ManagerProcess;
  close(): Promise<void>;
}

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryMiB: number;
}

/** Nodes are few, each with room for 50 pods of 8 GPUs: how many there are matters to the scheduler alone. */
const nodeCount = 42;
const gpusPerNode = 400;

export async function openMeasuredWorld(): Promise<MeasuredWorld> {
  // What was begun is ended in the opposite order, also when a later part fails to start.
  const ends: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-bench-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const audit = await createAuditLog(folder);
    const controlPlane = await startControlPlane({
      crdFiles: shippedCrdFiles,
      // As for the figures of other operators: the server does not hold anybody back.
      apiServerFlags: [...audit.apiServerFlags, '--max-requests-inflight=0'],
      controllerManagerFlags: [
        '--controllers=*,-node-lifecycle-controller,-nodeipam,-cloud-node-lifecycle-controller',
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
      ],
    });
    ends.push(() => controlPlane.close());
    for (let index = 0; index < nodeCount; index += 1)
      await createNode(controlPlane, `node-${String(index)}`, gpusPerNode);
    const kwok = await startKwok(await controlPlane.kubeconfigFile(), folder);
    ends.push(() => kwok.kill());
    const kubeconfig = await installRights(controlPlane);
    const flags = ['--api-rate=1000', '--api-burst=2000'];
    const shipped = await shippedOperator(join(folder, 'image'));
    const manager = await startManager({ name: 'operator', kubeconfig, folder, flags, ...shipped });
    ends.push(() => manager.child.kill());
    await manager.says('the controllers have seen everything and begin');
    const cluster = await openRealCluster(controlPlane);
    ends.push(() => cluster.close());
    return { controlPlane, cluster, audit, manager, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Processor time and the most memory that a process had, as the kernel counts them. */
export async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  // After the command's name, which may hold spaces: utime and stime are the 12th and 13th fields, in 1/100 s.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    peakMemoryMiB: Math.round(peakKiB / 1024),
  };
}
