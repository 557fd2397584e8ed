import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Child } from '../../control-plane/child.ts';
import { createNamespace, openRealCluster } from '../../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/start.ts';
import { until } from '../../control-plane/until.ts';
import type { HttpCluster } from '../../../operator/cluster/http/open-http-cluster.ts';
import { createAuditLog, type AuditLog } from '../../operator/audit-log.ts';
import { startKwok } from '../../operator/kwok.ts';
import { createNode } from '../../operator/nodes.ts';
import { clientLimits, type Contestant } from './contestant.ts';
import { startRunClock } from './run-times.ts';

/** A new control plane with fake nodes and one operator, all measured. */
export interface MeasuredWorld {
  readonly contestant: Contestant;
  readonly controlPlane: ControlPlane;
  readonly cluster: HttpCluster;
  readonly audit: AuditLog;
  readonly manager: Child;
}

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryMiB: number;
}

/** Nodes are few, each with room for 50 pods of 8 GPUs: how many there are matters to the scheduler alone. */
const nodeCount = 42;
const gpusPerNode = 400;

/** What works for every operator is held back no more than they are. */
const raisedLimits = [
  `--kube-api-qps=${clientLimits.requestsPerSecond}`,
  `--kube-api-burst=${clientLimits.burst}`,
];

/**
 * Measures an operator that has made one run already, so that no figure holds what it does once.
 * @param podMs how long every pod runs before it succeeds
 */
export async function inWorld<T>(
  contestant: Contestant,
  podMs: number,
  measure: (world: MeasuredWorld) => Promise<T>,
): Promise<T> {
  // What was begun is ended in the opposite order, also when a later part fails to start.
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-bench-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const audit = await createAuditLog(folder);
    const controlPlane = await startControlPlane({
      crdFiles: contestant.crdFiles,
      users: contestant.users ?? [],
      // The server does not hold anybody back.
      apiServerFlags: [...audit.apiServerFlags, '--max-requests-inflight=0'],
      controllerManagerFlags: ['--controllers=*,-node-lifecycle-controller,-nodeipam', ...raisedLimits],
      // Its 50 requests a second would place the pods of 300 runs in 10 s, whoever made them, and 1,000 runs in 38 s.
      schedulerFlags: raisedLimits,
    });
    ends.push(() => controlPlane.close());
    for (let index = 0; index < nodeCount; index += 1)
      await createNode(controlPlane, `node-${String(index)}`, gpusPerNode);
    const kwok = await startKwok(await controlPlane.kubeconfigFile(), folder, { podMs });
    ends.push(() => kwok.kill());
    const manager = await contestant.start(controlPlane, folder);
    ends.push(() => manager.kill());
    const cluster = await openRealCluster(controlPlane);
    ends.push(() => cluster.close());
    const world = { contestant, controlPlane, cluster, audit, manager };
    await firstRun(world);
    return await measure(world);
  } finally {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  }
}

async function firstRun({ contestant, controlPlane, cluster }: MeasuredWorld): Promise<void> {
  const namespace = await createNamespace(controlPlane, 'first');
  const clock = startRunClock(cluster, namespace, contestant);
  const name = 'run';
  await cluster.create(contestant.type, contestant.run(namespace, name));
  const what = `the first run of ${contestant.name} is done`;
  await until(what, () => clock.of(name).succeededAtMs, { timeoutMs: 120_000 });
  await clock.close();
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
