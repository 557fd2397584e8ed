import { toTimestamp } from '../../base/clock.ts';
import type { ProgressDocument } from '../../api/trainer/progress.ts';
import type { TerminationMessage } from '../../api/trainer/termination-message.ts';
import { exitCodeOf } from '../../api/trainer/exit-codes.ts';
import { apiVersion, trainerContainer, trainingRunKind } from '../../api/v1alpha1/group.ts';
import type { TrainingRunSpecInput } from '../../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { validateTrainingRun } from '../../api/v1alpha1/validate.ts';
import type { ContainerState, Pod, PodCondition } from '../../api/wire.ts';
import type { PlanSettings } from '../observed-run.ts';
import { podOf } from '../pods.ts';

/** A moment on a whole second, as the wire has them. */
export const startMs = Date.parse('2026-01-01T00:00:00Z');

export const settings: PlanSettings = { trainerImage: 'ringmaster/trainer:test' };

/** A valid stored run of two pods with two ranks each, with changes. */
export function aRun(spec: Partial<TrainingRunSpecInput> = {}, status?: TrainingRunStatus): TrainingRun {
  const validation = validateTrainingRun({
    apiVersion,
    kind: trainingRunKind,
    metadata: { name: 'digits', namespace: 'vision', uid: 'uid-1', generation: 1, resourceVersion: '1' },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      ...spec,
      trainers: { pods: 2, gpusPerPod: 2, ...spec.trainers },
    },
  });
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return status === undefined ? validation.run : { ...validation.run, status };
}

/** A pod that the planner made, with a UID and a status. */
export function aPod(
  run: TrainingRun,
  attempt: number,
  index: number,
  status: Pod['status'] = { phase: 'Pending' },
): Pod {
  const pod = podOf(run, attempt, index, settings);
  return { ...pod, metadata: { ...pod.metadata, uid: `${pod.metadata.name}-uid` }, status };
}

export function aRunningPod(run: TrainingRun, attempt: number, index: number): Pod {
  const pod = aPod(run, attempt, index, {
    phase: 'Running',
    podIP: `10.0.0.${index + 1}`,
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [containerStatus({ running: {} })],
  });
  return { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } };
}

interface End {
  readonly atMs?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly containerReason?: string;
  readonly lastWords?: Partial<TerminationMessage>;
  readonly text?: string;
  readonly podReason?: string;
  readonly podMessage?: string;
  readonly conditions?: PodCondition[];
}

/** A pod that ended: `Succeeded` with exit code 0, otherwise `Failed`. */
export function aFinishedPod(run: TrainingRun, attempt: number, index: number, end: End = {}): Pod {
  const { atMs = startMs, lastWords, text, signal, containerReason, podReason, podMessage, conditions } = end;
  const exitCode = end.exitCode ?? (lastWords?.reason === undefined ? 0 : exitCodeOf(lastWords.reason));
  const message = lastWords === undefined ? text : JSON.stringify({ message: '', ...lastWords });
  return aPod(run, attempt, index, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    ...(podReason === undefined ? {} : { reason: podReason }),
    ...(podMessage === undefined ? {} : { message: podMessage }),
    ...(conditions === undefined ? {} : { conditions }),
    containerStatuses: [
      containerStatus({
        terminated: {
          exitCode,
          ...(signal === undefined ? {} : { signal }),
          ...(containerReason === undefined ? {} : { reason: containerReason }),
          ...(message === undefined ? {} : { message }),
          finishedAt: toTimestamp(atMs),
        },
      }),
    ],
  });
}

/** The pod as the API shows it once somebody asked for its deletion. */
export function deleted(pod: Pod, atMs: number): Pod {
  const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      deletionTimestamp: toTimestamp(atMs + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

/** What a trainer answers at `GET /progress`. */
export function aProgressDocument(step: number, changes: Partial<ProgressDocument> = {}): ProgressDocument {
  return {
    runUid: 'uid-1',
    attempt: 1,
    state: 'Training',
    progress: {
      epoch: step / 100,
      epochs: 10,
      step,
      steps: 1000,
      percent: Math.floor(step / 10),
      imagesPerSecond: 500,
      etaSeconds: 60,
      updatedAt: toTimestamp(startMs),
    },
    history: [],
    ...changes,
  };
}

export function aCheckpoint(step: number): NonNullable<TrainingRunStatus['checkpoint']> {
  return { step, epoch: step / 100, uri: `/checkpoints/step-${step}`, savedAt: toTimestamp(startMs) };
}

function containerStatus(
  state: ContainerState,
): NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number] {
  return {
    name: trainerContainer,
    ready: state.running !== undefined,
    restartCount: 0,
    image: settings.trainerImage,
    imageID: '',
    state,
  };
}
