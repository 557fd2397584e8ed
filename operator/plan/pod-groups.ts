import { podGroupScheduledConditions, type PodGroup, type PodGroupApiVersion } from '../api/pod-group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Action } from './action.ts';
import type { ConditionChange } from './conditions.ts';
import type { Gang } from './gang.ts';
import { ownerReference, runLabels } from './pods.ts';

/** What is known of PodGroups, where the cluster serves them. */
export interface ObservedPodGroups {
  readonly apiVersion: PodGroupApiVersion;
  /** Those that the run owns. */
  readonly groups: readonly PodGroup[];
}

/** Name of the PodGroup of an attempt. Each has its own, as a PodGroup cannot be changed. */
export function podGroupName(run: TrainingRun, attempt: number): string {
  return `${run.metadata.name}-${attempt}`;
}

/**
 * Whether the pods of the present attempt belong to a PodGroup. Pods that are there already decide for those to come:
 * the field of a pod cannot be changed, and half a group is none.
 */
export function isInPodGroup(
  run: TrainingRun,
  gang: Gang,
  podGroups: ObservedPodGroups | undefined,
): boolean {
  const [member] = gang.members.values();
  if (member !== undefined) return member.spec.schedulingGroup !== undefined;
  return wantsPodGroup(run) && podGroups !== undefined;
}

function wantsPodGroup({ spec }: TrainingRun): boolean {
  const { gang } = spec.scheduling;
  // One pod is placed as a whole anyway.
  return gang === 'native' || (gang === 'auto' && spec.trainers.pods > 1);
}

function podGroupOf(run: TrainingRun, { attempt, size }: Gang, apiVersion: PodGroupApiVersion): PodGroup {
  const { namespace } = run.metadata;
  const { priorityClassName } = run.spec.trainers;
  return {
    apiVersion,
    kind: 'PodGroup',
    metadata: {
      name: podGroupName(run, attempt),
      ...(namespace === undefined ? {} : { namespace }),
      labels: runLabels(run),
      ownerReferences: [ownerReference(run)],
    },
    spec: {
      schedulingPolicy: { gang: { minCount: size } },
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
    },
  };
}

/** Makes the PodGroup of an attempt that starts, and removes those that no pod is to join any more. */
export function podGroupActions(
  run: TrainingRun,
  { phase }: TrainingRunStatus,
  gang: Gang,
  podGroups: ObservedPodGroups | undefined,
): Action[] {
  if (podGroups === undefined) return [];
  const { apiVersion, groups } = podGroups;
  const name = podGroupName(run, gang.attempt);
  const isStarting = phase === 'Starting';
  const isKept = isStarting || phase === 'Running' || phase === 'Restarting';
  const present = groups.some(({ metadata }) => metadata.name === name);
  return [
    // It goes when the last pod of it has gone: the server sees to that.
    ...groups
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ metadata }) => !isKept || metadata.name !== name)
      .map(({ metadata }): Action => ({
        type: 'deletePodGroup',
        apiVersion,
        name: metadata.name,
        uid: metadata.uid ?? '',
      })),
    ...(isStarting && !present && isInPodGroup(run, gang, podGroups)
      ? [{ type: 'createPodGroup', podGroup: podGroupOf(run, gang, apiVersion) } as const]
      : []),
  ];
}

/** For who asked for a PodGroup by name: whether there is one. */
export function podGroupCondition(
  run: TrainingRun,
  podGroups: ObservedPodGroups | undefined,
): ConditionChange[] {
  if (run.spec.scheduling.gang !== 'native') return [];
  return podGroups === undefined
    ? [
        {
          type: 'GangScheduled',
          status: 'False',
          reason: 'PodGroupsNotServed',
          message:
            'The cluster serves no PodGroups of scheduling.k8s.io, or not to the operator; spec.failurePolicy.startTimeout gives back a half-placed gang instead.',
        },
      ]
    : [
        {
          type: 'GangScheduled',
          status: 'True',
          reason: 'PodGroupServed',
          message: 'The scheduler gives nodes to all pods of the gang, or to none.',
        },
      ];
}

/** What the scheduler says of a group that it cannot place. */
export function podGroupObstacle(
  run: TrainingRun,
  attempt: number,
  podGroups: ObservedPodGroups | undefined,
): string | undefined {
  const group = podGroups?.groups.find(({ metadata }) => metadata.name === podGroupName(run, attempt));
  const condition = group?.status?.conditions?.find(
    ({ type, status }) => podGroupScheduledConditions.includes(type) && status === 'False',
  );
  return condition && `PodGroup ${podGroupName(run, attempt)}: ${condition.reason} ${condition.message}`;
}
