import type { NetworkPolicy, Pod, Service } from '../api/wire.ts';

/**
 * One change to the world. Deletions name the UID, so that an object made again under the same name is never hit.
 * Every action follows from the status that is written before it, so after a crash the next plan asks for it again.
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
  | { readonly type: 'deleteRun'; readonly uid: string };

/** Something worth telling the people who watch a run. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  /** A word of `operator/api/v1alpha1/reasons.ts`. */
  readonly reason: string;
  readonly message: string;
}
