import type { ProgressDocument } from '../api/trainer/progress.ts';
import type { TerminationMessage } from '../api/trainer/termination-message.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { NetworkPolicy, Pod, Service } from '../api/wire.ts';
import type { Isolation } from './network-policy.ts';
import type { ObservedPodGroups } from './pod-groups.ts';
import type { ObservedQueue } from './queueing.ts';

/** That the API let an object of the present attempt, a pod or what stands around them, not be made when last asked to. */
export interface Refusal {
  /** What it said. */
  readonly message: string;
  /** Whether it was for a ResourceQuota, so that it may be let when another pod is gone. */
  readonly isQuota: boolean;
}

/** Everything a plan is made from. The same observation always gives the same plan. */
export interface ObservedRun {
  readonly run: TrainingRun;
  /** Pods that carry the run's UID as a label, of all attempts. */
  readonly pods: readonly Pod[];
  /** The Service of the run's name, if the run owns it. */
  readonly service?: Service;
  /** The NetworkPolicy of the run's name, if the run owns it. */
  readonly networkPolicy?: NetworkPolicy;
  /** What the trainer last said at `GET /progress`; ignored when it is of another run or attempt. */
  readonly progress?: ProgressDocument;
  /**
   * When the observer last saw that document change, or began to ask for it; by the observer's own clock, so that a
   * trainer whose clock is wrong is never taken for a hung one. Absent: nobody has asked yet.
   */
  readonly lastAdvanceMs?: number;
  /** What pods of the present attempt that were told to stop said last, also those that are gone since. */
  readonly lastWords?: readonly TerminationMessage[];
  /** Absent: nothing was refused. */
  readonly refusal?: Refusal;
  /** Absent while the cluster serves no Kueue. */
  readonly queue?: ObservedQueue;
  /** Absent while the cluster serves no PodGroups. */
  readonly podGroups?: ObservedPodGroups;
  readonly nowMs: number;
}

/** What a plan needs to know of the operator's own set-up. */
export interface PlanSettings {
  /** Image of pods whose run names none. */
  readonly trainerImage: string;
  /** Who may reach the pods from outside. Absent where there is no network between pods to fence. */
  readonly isolation?: Isolation;
  /**
   * Whether the API may serve Kueue and PodGroups. Absent on one machine: a queue to wait in, and how a gang is
   * scheduled, mean nothing there.
   */
  readonly hasSchedulingApis?: boolean;
}
