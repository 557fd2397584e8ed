import {
  type Assignment,
  agentVariables,
  assignmentVariable,
  defaultCredentialsFolder,
  supervisorPort,
} from '../api/trainer/environment.ts';
import {
  apiVersion,
  labels,
  managedByValue,
  trainerComponent,
  trainerContainer,
  trainingRunKind,
} from '../api/v1alpha1/group.ts';
import { resolveSpec } from '../api/v1alpha1/resolved-spec.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Container, OwnerReference, Pod, PodSpec } from '../api/wire.ts';
import type { Annotations } from './action.ts';
import { disruptionAnnotations } from './disruption.ts';
import type { PlanSettings } from './observed-run.ts';
import type { Placement } from './placement.ts';
import { templateHash, templateHashAnnotation } from './template-hash.ts';

/** Name of a pod, and its host name. It differs between attempts, so a late pod of an old one is never taken for new. */
export function podName(run: string, attempt: number, index: number): string {
  return `${run}-${attempt}-${index}`;
}

/** Makes the run the controller of an object: it goes when the run goes. */
export function ownerReference({ metadata }: TrainingRun): OwnerReference {
  return {
    apiVersion,
    kind: trainingRunKind,
    name: metadata.name,
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Labels that everything of a run carries. */
export function runLabels({ metadata }: TrainingRun): Record<string, string> {
  return {
    [labels.run]: metadata.name,
    [labels.runUid]: metadata.uid ?? '',
    [labels.managedBy]: managedByValue,
    [labels.component]: trainerComponent,
  };
}

/**
 * The sweep that the run is a trial of, so that metrics and logs of its pods can be told by it, and whoever scales the
 * sweep finds them by its selector.
 */
function sweepLabels({ metadata }: TrainingRun): Record<string, string> {
  const known = [labels.sweep, labels.sweepUid, labels.trial].flatMap((label) => {
    const value = metadata.labels?.[label];
    return value === undefined ? [] : [[label, value] as const];
  });
  return Object.fromEntries(known);
}

/** What others decided about where the pods of an attempt go. */
export interface GangPlace {
  /** What the queue asks of them. */
  readonly placement?: Placement;
  readonly podGroup?: string;
}

/** The pod of one index of the gang. It satisfies the `restricted` Pod Security Standard and needs no API access. */
export function podOf(
  run: TrainingRun,
  attempt: number,
  index: number,
  settings: PlanSettings,
  place: GangPlace = {},
): Pod {
  const { name, namespace } = run.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(name, attempt, index),
      ...(namespace === undefined ? {} : { namespace }),
      annotations: {
        ...place.placement?.annotations,
        [templateHashAnnotation]: templateHash(run.spec),
        ...present(disruptionAnnotations(run.spec.trainers, false)),
      },
      labels: {
        ...place.placement?.labels,
        ...runLabels(run),
        ...sweepLabels(run),
        [labels.attempt]: String(attempt),
        [labels.podIndex]: String(index),
      },
      ownerReferences: [ownerReference(run)],
    },
    spec: { ...podSpec(run, attempt, index, settings), ...placed(run, place) },
  };
}

function podSpec(run: TrainingRun, attempt: number, index: number, settings: PlanSettings): PodSpec {
  const { trainers } = run.spec;
  return {
    containers: [container(run, assignment(run, attempt, index), settings)],
    // A failure ends the attempt; the next is a new gang with new pods.
    restartPolicy: 'Never',
    hostname: podName(run.metadata.name, attempt, index),
    subdomain: run.metadata.name,
    terminationGracePeriodSeconds: trainers.terminationGracePeriodSeconds,
    automountServiceAccountToken: false,
    // One variable a port of every Service of the namespace; in a large one they exceed the limit of exec().
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    volumes: volumes(run).map(({ name, source }) => ({ name, ...source })),
    ...(trainers.serviceAccountName === undefined ? {} : { serviceAccountName: trainers.serviceAccountName }),
    ...(trainers.priorityClassName === undefined ? {} : { priorityClassName: trainers.priorityClassName }),
    ...(trainers.runtimeClassName === undefined ? {} : { runtimeClassName: trainers.runtimeClassName }),
    ...(trainers.nodeSelector === undefined ? {} : { nodeSelector: trainers.nodeSelector }),
    ...(trainers.tolerations === undefined ? {} : { tolerations: trainers.tolerations }),
    ...(trainers.affinity === undefined ? {} : { affinity: trainers.affinity }),
  };
}

/** Without what must not be there. */
function present(annotations: Annotations): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}

/** The fields of a pod that say where it goes, beyond what the spec asks for. */
function placed({ spec }: TrainingRun, { placement, podGroup }: GangPlace): Partial<PodSpec> {
  return {
    ...(podGroup === undefined ? {} : { schedulingGroup: { podGroupName: podGroup } }),
    ...(placement === undefined
      ? {}
      : {
          nodeSelector: { ...spec.trainers.nodeSelector, ...placement.nodeSelector },
          tolerations: [...(spec.trainers.tolerations ?? []), ...placement.tolerations],
          schedulingGates: placement.schedulingGates.map((name) => ({ name })),
        }),
  };
}

function container(run: TrainingRun, told: Assignment, settings: PlanSettings): Container {
  const { trainers } = run.spec;
  const gpus = { [trainers.gpuResourceName]: String(trainers.gpusPerPod) };
  return {
    name: trainerContainer,
    image: trainers.image ?? settings.trainerImage,
    env: [
      ...(trainers.env ?? []),
      { name: assignmentVariable, value: literal(JSON.stringify(told)) },
      { name: agentVariables.podAddress, valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ],
    ports: [{ name: 'supervisor', containerPort: supervisorPort, protocol: 'TCP' }],
    // Extended resources cannot be overcommitted: Kubernetes wants the request to equal the limit.
    resources: {
      requests: { ...trainers.resources?.requests, ...gpus },
      limits: { ...trainers.resources?.limits, ...gpus },
    },
    volumeMounts: volumes(run).map(({ name, mountPath, readOnly }) => ({ name, mountPath, readOnly })),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // The end of the log explains a death that left no message, such as that of a missing library.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** A value that means itself: Kubernetes expands `$(NAME)` in values of variables, and reads `$$` as `$`. */
function literal(value: string): string {
  return value.replaceAll('$', '$$$$');
}

function assignment(run: TrainingRun, attempt: number, podIndex: number): Assignment {
  const { name, namespace = 'default', uid = '' } = run.metadata;
  return {
    namespace,
    run: name,
    runUid: uid,
    attempt,
    podIndex,
    leader: `${podName(name, attempt, 0)}.${name}.${namespace}.svc`,
    spec: resolveSpec(run.spec),
  };
}

interface MountedVolume {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  /** The volume source, as the core API has it. */
  readonly source: Readonly<Record<string, unknown>>;
}

function volumes({ spec }: TrainingRun): MountedVolume[] {
  const secretName = spec.checkpoints.credentials?.secretRef.name;
  return [
    // The root file system is read-only; snapshots on their way to storage lie here.
    { name: 'ringmaster-tmp', mountPath: '/tmp', readOnly: false, source: { emptyDir: {} } },
    // NCCL passes tensors between the GPUs of a node through it; the runtime's default of 64 MiB is too small.
    {
      name: 'ringmaster-shm',
      mountPath: '/dev/shm',
      readOnly: false,
      source: { emptyDir: { medium: 'Memory' } },
    },
    ...(secretName === undefined
      ? []
      : [
          {
            name: 'ringmaster-credentials',
            mountPath: defaultCredentialsFolder,
            readOnly: true,
            source: { secret: { secretName } },
          },
        ]),
    ...(spec.trainers.volumes ?? []).map(({ name, mountPath, readOnly, ...source }) => ({
      name,
      mountPath,
      readOnly,
      source,
    })),
  ];
}
