import { GetObjectCommand } from '@aws-sdk/client-s3';
import { logLevelVariable } from '../../operator/api/trainer/environment.ts';
import { apiVersion, labels, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type { Phase, TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { Event, Pod } from '../../operator/api/wire.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { TrainingState } from '../../trainer-image/checkpoint/training-state.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { bucket, keysSecret, namespace, stepsPerEpoch, type ClusterSystem } from './world.ts';

/** Epochs of a run unless a test says otherwise, and its steps. */
export const epochs = 3;
export const steps = epochs * stepsPerEpoch;

export const recipe = {
  epochs,
  batchSize: 32,
  learningRate: { warmupEpochs: 1 },
  precision: { compute: 'float32', lossScale: 'none' },
  mixup: { alpha: 0 },
};

/** Two pods of one rank; every step is told in their logs. */
export const trainers = {
  pods: 2,
  gpusPerPod: 1,
  terminationGracePeriodSeconds: 20,
  env: [{ name: logLevelVariable, value: 'debug' }],
};
export const failurePolicy = { backoff: { initial: '100ms', max: '1s' } };

/** Longest that a run of these tests may take, on a machine that does other things too. */
const finishWithinSeconds = 240;

/** What a test wants otherwise of a run; a part replaces the field of the manifest below. */
export type SpecChanges = Readonly<Record<string, unknown>>;

/** A manifest of two pods of one rank each, with checkpoints in the bucket. */
export function manifest(system: ClusterSystem, name: string, changes: SpecChanges = {}): object {
  return {
    apiVersion,
    kind: trainingRunKind,
    metadata: { name, namespace },
    spec: { ...runSpec(system), ...changes },
  };
}

/** The spec of such a run. */
export function runSpec({ data, proxy }: ClusterSystem): SpecChanges {
  return {
    model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
    data: { format: 'fashion-mnist', train: data, augmentation: 'light' },
    recipe,
    trainers,
    checkpoints: {
      uri: `s3://${bucket}/`,
      endpoint: proxy.endpoint,
      credentials: { secretRef: { name: keysSecret } },
      every: { steps: 20 },
    },
    failurePolicy,
  };
}

/** Applies a manifest with kubectl, as a user does. */
export async function apply(system: ClusterSystem, name: string, changes: SpecChanges = {}): Promise<void> {
  await kubectl(system.controlPlane, ['apply', '-f', '-'], JSON.stringify(manifest(system, name, changes)));
}

export async function patchSpec(system: ClusterSystem, name: string, spec: SpecChanges): Promise<void> {
  await kubectl(system.controlPlane, [
    'patch',
    `trainingrun/${name}`,
    `--namespace=${namespace}`,
    '--type=merge',
    `--patch=${JSON.stringify({ spec })}`,
  ]);
}

export async function statusOf(system: ClusterSystem, name: string): Promise<TrainingRunStatus> {
  return (await getRun(system, name)).status ?? {};
}

async function getRun(system: ClusterSystem, name: string): Promise<TrainingRun> {
  const run = await system.cluster.get(resourceTypes.trainingRuns, { namespace, name });
  if (run === undefined) throw new Error(`there is no run ${name}`);
  return run;
}

/** Waits until the run is in a phase, and of an attempt if one is named. */
export async function reaches(
  system: ClusterSystem,
  name: string,
  phase: Phase,
  attempt?: number,
): Promise<TrainingRunStatus> {
  let seen: TrainingRunStatus = {};
  return until(
    `run ${name} is ${phase}`,
    async () => {
      seen = await statusOf(system, name);
      return seen.phase === phase && (attempt === undefined || seen.attempt === attempt) ? seen : undefined;
    },
    { timeoutMs: 120_000 },
  ).catch((error: unknown) => {
    throw new Error(`run ${name} is ${JSON.stringify(seen)}`, { cause: error });
  });
}

/** What became of a run that succeeded. */
export interface Outcome {
  readonly status: TrainingRunStatus;
  /** What lies in its last checkpoint. */
  readonly state: TrainingState;
}

/** Waits as a user does, with `kubectl wait`. */
export async function complete(system: ClusterSystem, name: string): Promise<Outcome> {
  await kubectl(system.controlPlane, [
    'wait',
    '--for=condition=Complete',
    `trainingrun/${name}`,
    `--namespace=${namespace}`,
    `--timeout=${finishWithinSeconds}s`,
  ]).catch(async (error: unknown) => {
    const [status, storageEnd] = [await statusOf(system, name), await system.storage.ended()];
    throw new Error(`run ${name} is ${JSON.stringify(status)}${storageEnd ?? ''}`, { cause: error });
  });
  const status = await statusOf(system, name);
  return { status, state: await readState(system, status.result?.uri ?? '') };
}

/** The state in a checkpoint of the bucket, read past the proxy. */
export async function readState({ storage }: ClusterSystem, uri: string): Promise<TrainingState> {
  const key = `${uri.replace(`s3://${bucket}/`, '')}/state.json`;
  const { Body } = await storage.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return TrainingState.parse(JSON.parse((await Body?.transformToString()) ?? ''));
}

/** The run's pods that were not told to go. */
export async function podsOf({ cluster }: ClusterSystem, run: string): Promise<Pod[]> {
  const found = await cluster.list(resourceTypes.pods, { namespace, labels: { [labels.run]: run } });
  return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export async function eventsOf({ cluster }: ClusterSystem, run: string): Promise<Event[]> {
  const all = await cluster.list(resourceTypes.events, { namespace });
  return all.filter(({ regarding }) => regarding.name === run);
}
