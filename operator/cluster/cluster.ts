import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { apiVersion, trainingRunKind, trainingSweepKind } from '../api/v1alpha1/group.ts';
import {
  kueueApiVersion,
  type PriorityClass,
  type ResourceFlavor,
  type Workload,
  type WorkloadPriorityClass,
} from '../api/kueue.ts';
import type { PodGroup, PodGroupApiVersion } from '../api/pod-group.ts';
import type { Event, KubernetesObject, NetworkPolicy, Pod, Service } from '../api/wire.ts';

/** One resource of the API, with the type of its objects. */
export interface ResourceType<T extends KubernetesObject> {
  readonly apiVersion: T['apiVersion'];
  readonly kind: T['kind'];
  /** Lower-case plural, as in request paths. */
  readonly plural: string;
  /** Objects of no namespace, such as nodes; the namespace of a key is then ignored. Default `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
}

/** The resources that this operator reads and writes. */
export const resourceTypes: {
  readonly trainingRuns: ResourceType<TrainingRun>;
  readonly trainingSweeps: ResourceType<TrainingSweep>;
  readonly pods: ResourceType<Pod>;
  readonly services: ResourceType<Service>;
  readonly networkPolicies: ResourceType<NetworkPolicy>;
  readonly events: ResourceType<Event>;
  readonly workloads: ResourceType<Workload>;
  readonly resourceFlavors: ResourceType<ResourceFlavor>;
  readonly workloadPriorityClasses: ResourceType<WorkloadPriorityClass>;
  readonly priorityClasses: ResourceType<PriorityClass>;
} = {
  trainingRuns: { apiVersion, kind: trainingRunKind, plural: 'trainingruns' },
  trainingSweeps: { apiVersion, kind: trainingSweepKind, plural: 'trainingsweeps' },
  pods: { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  services: { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  networkPolicies: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
  },
  events: { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' },
  workloads: { apiVersion: kueueApiVersion, kind: 'Workload', plural: 'workloads' },
  resourceFlavors: {
    apiVersion: kueueApiVersion,
    kind: 'ResourceFlavor',
    plural: 'resourceflavors',
    scope: 'Cluster',
  },
  workloadPriorityClasses: {
    apiVersion: kueueApiVersion,
    kind: 'WorkloadPriorityClass',
    plural: 'workloadpriorityclasses',
    scope: 'Cluster',
  },
  priorityClasses: {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    scope: 'Cluster',
  },
};

/** PodGroups, in the version that the server serves. */
export function podGroupType(version: PodGroupApiVersion): ResourceType<PodGroup> {
  return { apiVersion: version, kind: 'PodGroup', plural: 'podgroups' };
}

/** Namespace and name of an object. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** Which objects to list or watch: all namespaces and all labels unless said otherwise. */
export interface Selection {
  readonly namespace?: string;
  /** Every label must have exactly this value. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * A change as a watch reports it. A watch begins with `added` for everything that exists, then `synced`, then changes.
 * An object deleted and made again under the same name between two looks is reported as `deleted` and `added`.
 */
export type WatchEvent<T> =
  { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T } | { readonly type: 'synced' };

/** What must still be true of an object for a write to happen; otherwise it fails with reason `Conflict`. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** A JSON merge patch (RFC 7386): `null` removes a field. */
export type MergePatch = Readonly<Record<string, unknown>>;

/**
 * The Kubernetes API as this project uses it, on wire JSON. Two adapters satisfy it, over HTTP to a real API server and
 * embedded in one process, and one contract suite (`test/contract`) holds them to the same behaviour.
 * Every call may throw a {@link ClusterError}.
 */
export interface Cluster {
  /** The object, or `undefined` when there is none. */
  get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<T | undefined>;
  list<T extends KubernetesObject>(type: ResourceType<T>, selection?: Selection): Promise<T[]>;
  /** Follows changes until `signal` is aborted; heals itself when a connection breaks. */
  watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    selection: Selection,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: MergePatch,
    preconditions?: Preconditions,
  ): Promise<T>;
  /** Changes `status` and nothing else; `patch` changes everything else and not `status`. */
  patchStatus<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: MergePatch,
    preconditions?: Preconditions,
  ): Promise<T>;
  /**
   * Asks for the object to go. A running pod gets `deletionTimestamp` and goes when its node reports it dead, or at once
   * with `gracePeriodSeconds: 0`. An object that is already gone is not an error.
   */
  delete<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options?: { readonly preconditions?: Preconditions; readonly gracePeriodSeconds?: number },
  ): Promise<void>;
}
