import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiVersion, trainingRunKind } from '../../../operator/api/v1alpha1/group.ts';
import { resourceTypes } from '../../../operator/cluster/cluster.ts';
import { shippedCrdFiles } from '../../control-plane/install-crd.ts';
import { openRealCluster } from '../../control-plane/real-cluster.ts';
import { startControlPlane } from '../../control-plane/start.ts';
import { until } from '../../control-plane/until.ts';
import { installRights, kubectl } from '../../operator/install.ts';
import { shippedOperator } from '../../operator/shipped-operator.ts';
import { figuresOf } from '../rounds.ts';
import { startInPod } from './start-in-pod.ts';

/** Long enough for the garbage of the start to be collected, and for several rounds of the lease. */
const idleMs = 30_000;

/** What the medians may be: a second until it acts, 80 MB at rest. */
const atMost = { firstReconcileMs: 1000, idleMemoryMiB: 80e6 / 2 ** 20 };

/** One start of the operator as its image starts it, on a real API server. */
export interface OperatorStart {
  /** From the start of the process until the first run has a status. */
  readonly firstReconcileMs: number;
  /** Resident memory after half a minute of leading with nothing to do, in MiB, and what of it is no file. */
  readonly idleMemoryMiB: number;
  readonly idleAnonymousMiB: number;
}

/** Starts the bundled operator some times and measures each start. Sets the exit code to 1 when a promise is broken. */
export async function benchOperatorImage({
  rounds,
  report,
}: {
  readonly rounds: number;
  readonly report: (line: string) => void;
}): Promise<{ readonly starts: readonly OperatorStart[] }> {
  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-bench-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const shipped = await shippedOperator(join(folder, 'image'));
  const controlPlane = await startControlPlane({ crdFiles: shippedCrdFiles });
  closing.defer(() => controlPlane.close());
  const cluster = await openRealCluster(controlPlane);
  closing.defer(() => cluster.close());
  const kubeconfig = await installRights(controlPlane);

  const starts: OperatorStart[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const name = `round-${round}`;
    await kubectl(controlPlane, ['apply', '-f', '-'], JSON.stringify(suspendedRun(name)));
    const startedAt = performance.now();
    // Each is the first to ask for the lease, as after the installation; a successor would wait for it.
    const flags = ['--no-leader-election'];
    const operator = await startInPod({ name, controlPlane, kubeconfig, folder, flags, ...shipped });
    closing.defer(() => operator.kill());
    await until(
      'the run has a status',
      async () => {
        const end = await operator.ended();
        if (end !== undefined) throw new Error(end);
        return (await cluster.get(resourceTypes.trainingRuns, { namespace: 'default', name }))?.status;
      },
      { everyMs: 5 },
    );
    const firstReconcileMs = performance.now() - startedAt;
    await sleep(idleMs);
    const start = { firstReconcileMs, ...(await memoryOf(operator.pid)) };
    report(JSON.stringify(start));
    starts.push(start);
    await operator.kill();
  }
  for (const figure of ['firstReconcileMs', 'idleMemoryMiB'] as const) {
    const { median } = figuresOf(starts.map((start) => start[figure]));
    const isKept = median <= atMost[figure];
    report(
      `${isKept ? 'kept' : 'BROKEN'}: ${figure} ${median.toFixed(1)}, at most ${atMost[figure].toFixed(1)}`,
    );
    if (!isKept) process.exitCode = 1;
  }
  return { starts };
}

/** A run that is acted on without any pod. */
function suspendedRun(name: string): object {
  return {
    apiVersion,
    kind: trainingRunKind,
    metadata: { name, namespace: 'default' },
    spec: {
      suspend: true,
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: 's3://runs/' },
    },
  };
}

async function memoryOf(pid: number): Promise<Pick<OperatorStart, 'idleMemoryMiB' | 'idleAnonymousMiB'>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { idleMemoryMiB: mebibytes('VmRSS'), idleAnonymousMiB: mebibytes('RssAnon') };
}
