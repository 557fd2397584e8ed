import type { Workload } from '../api/kueue.ts';
import type { PodGroup, PodGroupApiVersion } from '../api/pod-group.ts';
import type { NetworkPolicy, Pod, Service } from '../api/wire.ts';
import type { WorkloadStatusPatch } from './workloads.ts';

/**
 * One change to the world. Deletions name the UID, so that an object made again under the same name is never hit.
 * Every action follows from the status that is written before it, or beside it (beside-status.ts), so after a crash the
 * next plan asks for it again.
 */
export type Action =
  | { readonly type: 'createPod'; readonly pod: Pod }
  | {
      readonly type: 'deletePod';
      readonly name: string;
      readonly uid: string;
      /** Seconds between SIGTERM and SIGKILL; absent: the pod's own. */
      readonly gracePeriodSeconds?: number;
    }
  | { readonly type: 'createService'; readonly service: Service }
  | { readonly type: 'deleteService'; readonly name: string; readonly uid: string }
  | { readonly type: 'createNetworkPolicy'; readonly networkPolicy: NetworkPolicy }
  | { readonly type: 'deleteNetworkPolicy'; readonly name: string; readonly uid: string }
  | { readonly type: 'deleteRun'; readonly uid: string }
  | { readonly type: 'createPodGroup'; readonly podGroup: PodGroup }
  | {
      readonly type: 'deletePodGroup';
      readonly apiVersion: PodGroupApiVersion;
      readonly name: string;
      readonly uid: string;
    }
  | {
      readonly type: 'createWorkload';
      readonly workload: Workload;
      /** Whose value is the priority in the queue. */
      readonly priorityClass?: PriorityClassName;
    }
  | { readonly type: 'deleteWorkload'; readonly name: string; readonly uid: string }
  | {
      readonly type: 'patchWorkloadStatus';
      readonly name: string;
      readonly uid: string;
      /** The conditions are written as a whole, so nobody may have written them since. */
      readonly resourceVersion: string | undefined;
      readonly status: WorkloadStatusPatch;
    }
  | {
      readonly type: 'annotateWorkload';
      readonly name: string;
      readonly uid: string;
      readonly annotations: Annotations;
    }
  | {
      readonly type: 'annotatePod';
      readonly name: string;
      readonly uid: string;
      readonly annotations: Annotations;
    };

/** Annotations to set; `null` removes one. */
export type Annotations = Readonly<Record<string, string | null>>;

export interface PriorityClassName {
  readonly kind: 'WorkloadPriorityClass' | 'PriorityClass';
  readonly name: string;
}

/** Something worth telling the people who watch a run. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  /** A word of `operator/api/v1alpha1/reasons.ts`. */
  readonly reason: string;
  readonly message: string;
}
