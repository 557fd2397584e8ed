import { trainerContainer } from '../../operator/api/v1alpha1/group.ts';
import { exitCodeOf } from '../../operator/api/trainer/exit-codes.ts';
import type { TerminationMessage } from '../../operator/api/trainer/termination-message.ts';
import type { Pod } from '../../operator/api/wire.ts';
import { toTimestamp } from '../../operator/base/clock.ts';

type PodStatus = NonNullable<Pod['status']>;

/** How a pod's container ends. */
export interface End {
  readonly exitCode?: number;
  readonly lastWords?: Partial<TerminationMessage>;
  readonly text?: string;
}

/** What a kubelet says of a pod whose container runs. */
export function running(pod: Pod, podIP: string): PodStatus {
  return {
    phase: 'Running',
    podIP,
    conditions: [
      ...(pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: 'True' },
    ],
    containerStatuses: [containerStatus({ running: { startedAt: toTimestamp(Date.now()) } })],
  };
}

/** What a kubelet says of a pod whose container ended. */
export function ended(pod: Pod, { exitCode, lastWords, text }: End): PodStatus {
  const code = exitCode ?? (lastWords?.reason === undefined ? 0 : exitCodeOf(lastWords.reason));
  const message = lastWords === undefined ? text : JSON.stringify({ message: '', ...lastWords });
  return {
    phase: code === 0 ? 'Succeeded' : 'Failed',
    conditions: [
      ...(pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [
      containerStatus({
        terminated: {
          exitCode: code,
          finishedAt: toTimestamp(Date.now()),
          ...(message === undefined ? {} : { message }),
        },
      }),
    ],
  };
}

type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];

function containerStatus(state: ContainerStatus['state']): ContainerStatus {
  return {
    name: trainerContainer,
    ready: state.running !== undefined,
    restartCount: 0,
    image: 'trainer:test',
    imageID: '',
    state,
  };
}
