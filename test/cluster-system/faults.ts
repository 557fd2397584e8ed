import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { Pod } from '../../operator/api/wire.ts';
import { isFinished } from '../../operator/plan/gang.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { trainerProcesses, type TrainerProcess } from '../system/whole-program/program.ts';
import { patchSpec, podsOf, reaches } from './runs.ts';
import { bucket, namespace, type ClusterSystem, type SystemNode } from './world.ts';

/** Chooses one of several; a test's own source of chance. */
export type Pick = <T>(from: readonly T[]) => T;

/** Something that goes wrong with a run that trains. Each resolves when no more of it is to come. */
export type Fault = (system: ClusterSystem, run: string, pick: Pick) => Promise<void>;

/** A rank dies, as by the out-of-memory killer. */
export const killRank: Fault = (system, _run, pick) => signalTrainer(system, 'rank', 'SIGKILL', pick);

/** A whole container dies. */
export const killSupervisor: Fault = (system, _run, pick) =>
  signalTrainer(system, 'supervisor', 'SIGKILL', pick);

/** A pod is told to stop past Kubernetes, as a spot machine tells its processes. */
export const terminatePod: Fault = (system, _run, pick) =>
  signalTrainer(system, 'supervisor', 'SIGTERM', pick);

async function signalTrainer(
  { folder }: ClusterSystem,
  role: TrainerProcess['role'],
  signal: NodeJS.Signals,
  pick: Pick,
): Promise<void> {
  const candidates = await until(
    `a ${role} runs`,
    () => {
      const found = trainerProcesses(folder).filter((process) => process.role === role);
      return found.length === 0 ? undefined : found;
    },
    { timeoutMs: 60_000 },
  );
  process.kill(pick(candidates).pid, signal);
}

/** Somebody deletes a pod with kubectl. */
export const deletePod: Fault = async (system, run, pick) => {
  const { metadata } = await pickPod(system, run, pick);
  await kubectl(system.controlPlane, [
    'delete',
    'pod',
    metadata.name,
    `--namespace=${namespace}`,
    '--wait=false',
  ]);
};

/** A pod is evicted through the Eviction API, as by `kubectl drain`. */
export const evictPod: Fault = async (system, run, pick) => {
  const { name } = (await pickPod(system, run, pick)).metadata;
  const { code } = await system.controlPlane.fetch(
    'POST',
    `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
  );
  if (code !== 201) throw new Error(`the eviction of ${name} was refused with ${code}`);
};

/** A machine dies: its processes end at once and nobody says so. Resolves when the cluster has given it up. */
export const loseNode: Fault = async (system, run, pick) => {
  const node = await pickNode(system, run, pick);
  await node.agent().kill();
  await until(
    `${node.name} is given up`,
    async () => {
      const { body } = await system.controlPlane.fetch('GET', `/api/v1/nodes/${node.name}`);
      return JSON.stringify(body).includes('NodeStatusUnknown') ? true : undefined;
    },
    { timeoutMs: 60_000 },
  );
};

/** The agent of a node dies and is started again at once: its pods are lost, and it says so. */
export const restartAgent: Fault = async (system, run, pick) => {
  const node = await pickNode(system, run, pick);
  await node.agent().kill();
  await node.start();
};

async function pickNode(system: ClusterSystem, run: string, pick: Pick): Promise<SystemNode> {
  const { spec } = await pickPod(system, run, pick);
  const node = system.nodes.find(({ name }) => name === spec.nodeName);
  if (node === undefined) throw new Error(`no node ${String(spec.nodeName)}`);
  return node;
}

/** A pod that has a node and has not ended. */
async function pickPod(system: ClusterSystem, run: string, pick: Pick): Promise<Pod> {
  const pods = await until(
    `a pod of ${run} runs`,
    async () => {
      const found = (await podsOf(system, run)).filter(
        (pod) => pod.spec.nodeName !== undefined && !isFinished(pod),
      );
      return found.length === 0 ? undefined : found;
    },
    { timeoutMs: 60_000 },
  );
  return pick(pods);
}

/** The operator dies; another takes its place, which acts once the lease of the first has run out. */
export const killOperator: Fault = async ({ operators }) => {
  const count = operators.length;
  await operators.at(-1)?.child.kill();
  await until('another operator', () => (operators.length > count ? true : undefined));
};

/** How long what can come back stays away. */
const awayMs = 4000;

/** Nobody reaches the API server. */
export const apiServerAway: Fault = async ({ controlPlane }) => {
  await controlPlane.apiServer.kill();
  await sleep(awayMs);
  await controlPlane.apiServer.start();
};

/** Object storage refuses everything, and then cuts every connection. */
export const storageAway: Fault = async ({ proxy }) => {
  proxy.plan(() => ({ kind: 'slow-down' }));
  await sleep(awayMs / 2);
  proxy.plan(() => ({ kind: 'reset' }));
  await sleep(awayMs / 2);
  proxy.plan(() => undefined);
};

/** The run is suspended, and resumed when no pod is left. */
export const suspendAndResume: Fault = (system, run) => whileSuspended(system, run, () => Promise.resolve());

/** While the run is suspended, the weights of its newest checkpoint are cut short in their bucket. */
export const damageNewestCheckpoint: Fault = (system, run) =>
  whileSuspended(system, run, async ({ checkpoint }) => {
    const key = `${checkpoint?.uri ?? ''}/model.safetensors`.replace(`s3://${bucket}/`, '');
    await system.storage.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'short' }));
  });

async function whileSuspended(
  system: ClusterSystem,
  run: string,
  act: (status: TrainingRunStatus) => Promise<void>,
): Promise<void> {
  await patchSpec(system, run, { suspend: true });
  await act(await reaches(system, run, 'Suspended'));
  const left = await podsOf(system, run);
  if (left.length > 0) throw new Error(`a suspended run has ${left.length} pods`);
  await patchSpec(system, run, { suspend: false });
}
