import type { KubernetesObject } from './wire.ts';

/**
 * Versions of the API in which a PodGroup has the fields below, the newest first: that of Kubernetes 1.37, and that of
 * 1.36, which 1.37 does not serve any more. Both are off unless the gate GenericWorkload is on.
 */
export const podGroupApiVersions = ['scheduling.k8s.io/v1beta1', 'scheduling.k8s.io/v1alpha2'] as const;
export type PodGroupApiVersion = (typeof podGroupApiVersions)[number];

/** Conditions in which the scheduler says whether it could place a group: that of 1.36, and that of 1.37. */
export const podGroupScheduledConditions: readonly string[] = [
  'PodGroupScheduled',
  'PodGroupInitiallyScheduled',
];

/**
 * A gang as the scheduler of Kubernetes knows it: all of its pods get a node, or none.
 * https://github.com/kubernetes/api/blob/v0.36.3/scheduling/v1alpha2/types.go
 * https://github.com/kubernetes/api/blob/v0.37.2/scheduling/v1beta1/types.go
 */
export interface PodGroup extends KubernetesObject {
  apiVersion: PodGroupApiVersion;
  kind: 'PodGroup';
  spec: {
    schedulingPolicy: { gang: { minCount: number } };
    /** That of its pods: the scheduler of 1.37 places no pod whose priority differs from its group's. */
    priorityClassName?: string;
  };
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}
