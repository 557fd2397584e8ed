import type { KubernetesObject } from '../../api/wire.ts';
import { resourceTypes, type ResourceType } from '../cluster.ts';
import { podAdmission } from './pod-admission.ts';
import { refusals } from './refusals.ts';
import { trainingRunAdmission } from './training-run-admission.ts';
import { trainingSweepAdmission } from './training-sweep-admission.ts';
import type { WireObject } from './wire-object.ts';

/** What is special about one resource: its defaults, its checks, and whether it has a status of its own. */
export interface Admission {
  /** With a status subresource, `patch` leaves the status alone and only `patchStatus` changes it. */
  readonly hasStatus: boolean;
  /**
   * The object with defaults, if it is allowed.
   * @param old the stored object when this is a change
   * @throws ClusterError Invalid
   */
  readonly admit?: (object: WireObject, old?: WireObject) => WireObject;
  /** The status of a new object. */
  readonly initialStatus?: unknown;
  /**
   * The status without what the schema does not know, if it is allowed.
   * @throws ClusterError Invalid
   */
  readonly admitStatus?: (status: unknown, object: WireObject) => unknown;
  /** Seconds between the wish to delete and the deletion; none without this function. */
  readonly gracePeriodSeconds?: (object: WireObject, requestedSeconds: number | undefined) => number;
}

const admissions: Readonly<Record<string, Admission>> = {
  [resourceTypes.trainingRuns.plural]: trainingRunAdmission,
  [resourceTypes.trainingSweeps.plural]: trainingSweepAdmission,
  [resourceTypes.pods.plural]: podAdmission,
  [resourceTypes.services.plural]: { hasStatus: false },
  [resourceTypes.events.plural]: { hasStatus: false },
};

/**
 * The rules of a resource.
 * @throws ClusterError NotFound for a resource that is not served here
 */
export function admissionOf<T extends KubernetesObject>(type: ResourceType<T>): Admission {
  const admission = admissions[type.plural];
  if (admission === undefined) throw refusals.noSuchResource(type);
  return admission;
}
