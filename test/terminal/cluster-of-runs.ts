import { apiVersion, labels, trainerContainer, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import { ablationManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingSweepStatus } from '../../operator/api/v1alpha1/training-sweep-status.ts';
import { createNamespace } from '../control-plane/real-cluster.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { createNode } from '../operator/nodes.ts';

const savedAt = '2026-01-01T00:20:00Z';

/** How the runs of the namespace are: one trains after a restart, one is done, one was suspended. */
const statuses: Readonly<Record<string, TrainingRunStatus>> = {
  digits: {
    phase: 'Running',
    attempt: 2,
    restarts: { total: 1, charged: 1 },
    startTime: '2026-01-01T00:00:00Z',
    progress: {
      ...{ epoch: 3.12, epochs: 6, step: 1461, steps: 2808, percent: 52, imagesPerSecond: 4980.4 },
      ...{ etaSeconds: 0, loss: 0.43121, learningRate: 0.0331, updatedAt: savedAt },
      validation: { epoch: 3, top1: 0.8831, top5: 0.9971, loss: 0.4021 },
    },
    checkpoint: { step: 1404, epoch: 3, uri: 's3://runs/vision/digits/u/step-000000001404', savedAt },
    trainers: { desired: 2, ready: 2, failed: 0, selector: '' },
    lastFailure: {
      ...{ attempt: 1, pod: 'digits-1-1', rank: 1, reason: 'RankKilled', exitCode: 137 },
      ...{ message: 'rank 1 was ended by SIGKILL', at: '2026-01-01T00:10:00Z' },
    },
  },
  letters: {
    phase: 'Succeeded',
    attempt: 1,
    restarts: { total: 0, charged: 0 },
    progress: {
      ...{ epoch: 6, epochs: 6, step: 2808, steps: 2808, percent: 100, imagesPerSecond: 5120 },
      ...{ loss: 0.7609, learningRate: 0, updatedAt: savedAt },
      validation: { epoch: 6, top1: 0.9051, top5: 0.9973, loss: 0.3508 },
    },
    result: {
      top1: 0.9051,
      top5: 0.9973,
      epochs: 6,
      trainSeconds: 88,
      uri: 's3://runs/vision/letters/u/step-2808',
    },
  },
  waiting: { phase: 'Suspended', attempt: 1, restarts: { total: 0, charged: 0 } },
};

/** What rank 0 of the running one has told, as the kubelet gives it back. */
export function logOf(pod: string): string {
  if (!pod.endsWith('-0')) return `2099-01-01T00:00:07.000000000Z {"level":"info","rank":1,"msg":"ready"}\n`;
  const epochs = [1, 2, 3].map((epoch) => ({
    ...{ level: 'info', rank: 0, epoch, trainLoss: 1 / epoch, learningRate: 0.1 / epoch },
    ...{ validationLoss: 1.2 / epoch, top1: 1 - 0.35 / epoch, top5: 0.99, imagesPerSecond: 4980 },
    msg: `epoch ${epoch}`,
  }));
  return epochs
    .map((line) => `2099-01-01T00:00:0${line.epoch}.000000000Z ${JSON.stringify(line)}\n`)
    .join('');
}

/** The manifest of a run, without a namespace. */
export function runOf(name: string) {
  return {
    ...{ apiVersion, kind: trainingRunKind, metadata: { name } },
    spec: {
      suspend: statuses[name]?.phase === 'Suspended',
      data: { format: 'fashion-mnist', train: '/data' },
      recipe: { epochs: 6, seed: name === 'letters' ? 1 : 0 },
      checkpoints: { uri: 's3://runs' },
      trainers: { pods: 2, gpusPerPod: 1 },
    },
  };
}

/** A finished table of three rows. */
const sweepStatus: TrainingSweepStatus = {
  ...{ observedGeneration: 1, phase: 'Succeeded', active: 0, target: 0, limitedBy: 'Done' },
  counts: { paused: 0, stopped: 0, succeeded: 3, failed: 0, done: 3, total: 3 },
  best: { trial: 'tricks-2', index: 2, value: 0.9051, row: '+ smoothing' },
  trials: [0.8831, 0.8944, 0.9051].map((value, index) => ({
    ...{ index, phase: 'Succeeded', value, epoch: 8, changedAt: savedAt },
  })),
};

/** Makes the namespace `vision` with runs, a sweep, pods and events as an operator and kubelets would leave them. */
export async function createRuns(controlPlane: ControlPlane): Promise<void> {
  await createNamespace(controlPlane, 'vision');
  await createNode(controlPlane, 'node-1');
  const call = async (method: 'POST' | 'PUT', path: string, object: object) => {
    const { code, body } = await controlPlane.fetch(method, path, object);
    if (code !== 200 && code !== 201) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body as { metadata: { uid: string } };
  };
  const runs = `/apis/${apiVersion}/namespaces/vision/trainingruns`;
  const uids = new Map<string, string>();
  for (const [name, status] of Object.entries(statuses)) {
    const made = await call('POST', runs, runOf(name));
    await call('PUT', `${runs}/${name}/status`, { ...made, status });
    uids.set(name, made.metadata.uid);
  }
  const sweeps = `/apis/${apiVersion}/namespaces/vision/trainingsweeps`;
  const { metadata, ...table } = ablationManifest({}, 'tricks');
  const sweep = await call('POST', sweeps, { ...table, metadata: { name: metadata.name } });
  await call('PUT', `${sweeps}/tricks/status`, { ...sweep, status: sweepStatus });
  const pods = '/api/v1/namespaces/vision/pods';
  for (const index of [0, 1]) {
    const name = `digits-2-${index}`;
    const made = await call('POST', pods, {
      metadata: { name, labels: { [labels.run]: 'digits', [labels.runUid]: uids.get('digits') } },
      spec: { nodeName: 'node-1', containers: [{ name: trainerContainer, image: 'trainer:1' }] },
    });
    const container = {
      name: trainerContainer,
      ready: true,
      restartCount: 0,
      image: 'trainer:1',
      imageID: '',
    };
    await call('PUT', `${pods}/${name}/status`, {
      ...made,
      status: {
        phase: 'Running',
        containerStatuses: [{ ...container, state: { running: { startedAt: savedAt } } }],
      },
    });
  }
  await call('POST', '/apis/events.k8s.io/v1/namespaces/vision/events', {
    metadata: { name: 'digits.1' },
    ...{ eventTime: '2099-01-01T00:10:00.000000Z', type: 'Warning', reason: 'RestartScheduled' },
    ...{ action: 'Restart', reportingController: 'ringmaster', reportingInstance: 'operator-1' },
    note: 'attempt 1 failed: RankKilled, rank 1 of digits-1-1, exit code 137: rank 1 was ended by SIGKILL',
    regarding: {
      ...{ apiVersion, kind: trainingRunKind, namespace: 'vision', name: 'digits', uid: uids.get('digits') },
    },
  });
}
