import { realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { apiVersion, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type { Phase } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { until } from '../control-plane/until.ts';
import { testKeys } from '../s3/server.ts';
import type { WholeCluster } from './cluster.ts';

/** Where runs are trained; Pod Security admits `restricted` pods only. */
export const namespace = 'vision';
export const bucket = 'runs';
const keysSecret = 's3-keys';
const dataClaim = 'fashion-mnist';

/** What a run needs in its namespace: the keys to the storage, and the data on a volume. */
export async function prepareRuns(world: WholeCluster): Promise<void> {
  const data = fileURLToPath(new URL('../../.ringmaster/data/fashion-mnist', import.meta.url));
  const capacity = { storage: '1Gi' };
  const claimed = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
  const metadata = { namespace, name: dataClaim };
  await world.storage.createBucket(bucket);
  await world.kubectl(['apply', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name: keysSecret },
        stringData: {
          AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: dataClaim },
        spec: { ...claimed, capacity, hostPath: { path: await realpath(data) }, claimRef: metadata },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: { ...claimed, resources: { requests: capacity }, volumeName: dataClaim },
      },
    ],
  });
}

/** The whole of Fashion-MNIST on two pods of two ranks, with checkpoints in the bucket. */
export function manifest({ storageEndpoint }: WholeCluster, name: string, epochs: number): object {
  return {
    apiVersion,
    kind: trainingRunKind,
    metadata: { name, namespace },
    spec: {
      model: { depth: 8, stem: 'small', variant: 'D', classes: 10, imageSize: 28, channels: 1 },
      data: { format: 'fashion-mnist', train: '/data', augmentation: 'light' },
      recipe: {
        epochs,
        batchSize: 128,
        learningRate: { base: 0.2, warmupEpochs: 0 },
        precision: { compute: 'float32', lossScale: 'none' },
        mixup: { alpha: 0 },
      },
      trainers: {
        pods: 2,
        gpusPerPod: 2,
        // Without a share of their own, containers come last on a machine that does other things too.
        resources: { requests: { cpu: '500m' } },
        terminationGracePeriodSeconds: 60,
        volumes: [
          {
            name: 'data',
            mountPath: '/data',
            readOnly: true,
            persistentVolumeClaim: { claimName: dataClaim },
          },
        ],
      },
      checkpoints: {
        uri: `s3://${bucket}/`,
        endpoint: storageEndpoint,
        credentials: { secretRef: { name: keysSecret } },
        every: { steps: 100 },
      },
      failurePolicy: { backoff: { initial: '1s', max: '5s' } },
    },
  };
}

/** The run as it is now. */
export async function runOf({ cluster }: WholeCluster, name: string): Promise<TrainingRun> {
  const run = await cluster.get(resourceTypes.trainingRuns, { namespace, name });
  if (run === undefined) throw new Error(`there is no run ${name}`);
  return run;
}

/** Waits for a run in a state that `isThere` recognises. */
export async function untilRun(
  world: WholeCluster,
  name: string,
  what: string,
  isThere: (run: TrainingRun) => boolean,
  timeoutMs = 420_000,
): Promise<TrainingRun> {
  return until(
    `${name} ${what}`,
    async () => {
      const run = await runOf(world, name);
      if (run.status?.phase === 'Failed') throw new Error(JSON.stringify(run.status));
      return isThere(run) ? run : undefined;
    },
    { timeoutMs, everyMs: 200 },
  );
}

export const isIn =
  (phase: Phase) =>
  ({ status }: TrainingRun): boolean =>
    status?.phase === phase;

/** Suspends a run, or lets it go on. */
export async function suspend({ kubectl }: WholeCluster, name: string, isWanted: boolean): Promise<void> {
  const patch = JSON.stringify({ spec: { suspend: isWanted } });
  await kubectl(['patch', 'trainingrun', name, `--namespace=${namespace}`, '--type=merge', '--patch', patch]);
}
