import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../api/wire.ts';
import type { ContainerExit } from './container-process.ts';
import type { ConditionNow } from './pod-conditions.ts';
import type { StatusChange } from './status-writer.ts';

/** A container of a pod and what it does. */
export interface ContainerNow {
  readonly container: Container;
  readonly state: ContainerState;
}

/** Why the node, not the program, ended a pod; in `status.reason` and `status.message`. */
export interface NodeReason {
  readonly reason: string;
  readonly message: string;
  /** The pod was ended for the node's sake, so its failure says nothing about its program. */
  readonly isDisruption?: boolean;
}

/** A pod as the kubelet would report it, from what its containers do. */
export function podStatus(
  containers: readonly ContainerNow[],
  pod: { readonly startTime: string; readonly address?: string; readonly nodeReason?: NodeReason },
): StatusChange {
  const phase = phaseOf(containers);
  const isReady = phase === 'Running' && containers.every(({ state }) => state.running !== undefined);
  const { nodeReason } = pod;
  // A pod that reached its end in spite of it has nothing to excuse.
  const reported = phase === 'Succeeded' ? undefined : nodeReason;
  return {
    status: {
      phase,
      startTime: pod.startTime,
      ...(pod.address === undefined ? {} : { podIP: pod.address }),
      ...(reported === undefined ? {} : { reason: reported.reason, message: reported.message }),
      containerStatuses: containers.map(containerStatus),
    },
    conditions: conditionsOf(phase, isReady, reported),
  };
}

/** A pod whose processes were lost with the agent that started them. */
export function lostPodStatus(pod: Pod, now: string): StatusChange {
  return podStatus(
    pod.spec.containers.map((container) => ({
      container,
      // The kubelet, too, reports 137 for a container whose end it did not see.
      state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', finishedAt: now } },
    })),
    {
      startTime: pod.status?.startTime ?? now,
      nodeReason: {
        reason: 'NodeLost',
        message: 'the node agent was restarted while this pod ran; its processes were ended',
      },
    },
  );
}

/** State of a container that has ended. */
export function terminatedState(
  { exitCode, signal }: ContainerExit,
  { startedAt, finishedAt, message }: { startedAt: string; finishedAt: string; message: string | undefined },
): ContainerState {
  return {
    terminated: {
      exitCode,
      ...(signal === undefined ? {} : { signal }),
      reason: exitCode === 0 ? 'Completed' : 'Error',
      ...(message === undefined ? {} : { message }),
      startedAt,
      finishedAt,
    },
  };
}

/** A container that could not be started fails its pod: nothing here would make the next try different. */
function phaseOf(containers: readonly ContainerNow[]): NonNullable<PodStatus['phase']> {
  if (containers.some(({ state }) => state.running !== undefined)) return 'Running';
  return containers.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
}

function containerStatus({ container: { name, image }, state }: ContainerNow): ContainerStatus {
  return { name, ready: state.running !== undefined, restartCount: 0, image, imageID: image, state };
}

function conditionsOf(
  phase: NonNullable<PodStatus['phase']>,
  isReady: boolean,
  nodeReason: NodeReason | undefined,
): ConditionNow[] {
  const ready: Omit<ConditionNow, 'type'> = isReady
    ? { status: 'True' }
    : {
        status: 'False',
        reason:
          phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady',
      };
  return [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...ready },
    { type: 'Ready', ...ready },
    ...(nodeReason?.isDisruption === true
      ? [
          {
            type: 'DisruptionTarget',
            status: 'True' as const,
            reason: 'TerminationByKubelet',
            message: nodeReason.message,
          },
        ]
      : []),
  ];
}
