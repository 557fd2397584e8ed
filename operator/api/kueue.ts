import type { KubernetesObject, PodSpec } from './wire.ts';

/**
 * The parts of Kueue's objects that this project reads and writes, as they are on the wire.
 * https://github.com/kubernetes-sigs/kueue/tree/v0.19.0/apis/kueue/v1beta2
 */

export const kueueGroup = 'kueue.x-k8s.io';
/** Served since Kueue 0.15. */
export const kueueApiVersion = `${kueueGroup}/v1beta2`;

/** A condition as `metav1.Condition` has it. */
export interface WireCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/** What an admission check adds to the pods of a set. */
export interface PodSetUpdate {
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  nodeSelector?: Record<string, string>;
  tolerations?: Record<string, unknown>[];
}

export interface PodSetAssignment {
  name: string;
  /** Flavour of each resource. */
  flavors?: Record<string, string>;
  count?: number;
  /** There when Kueue itself chooses the nodes. */
  topologyAssignment?: object;
}

/** What waits in a queue: pods that are admitted together. */
export interface Workload extends KubernetesObject {
  apiVersion: typeof kueueApiVersion;
  kind: 'Workload';
  spec: {
    queueName?: string;
    podSets: { name: string; count: number; template: { spec: PodSpec } }[];
    priorityClassRef?: { group: string; kind: string; name: string };
    priority?: number;
    active?: boolean;
  };
  status?: {
    conditions?: WireCondition[];
    admission?: { clusterQueue: string; podSetAssignments: PodSetAssignment[] } | null;
    admissionChecks?: { name: string; state: string; message: string; podSetUpdates?: PodSetUpdate[] }[];
  };
}

/** A kind of nodes that quota is counted by. */
export interface ResourceFlavor extends KubernetesObject {
  apiVersion: typeof kueueApiVersion;
  kind: 'ResourceFlavor';
  spec?: { nodeLabels?: Record<string, string>; tolerations?: Record<string, unknown>[] };
}

/** A priority in the queue that pods do not have. */
export interface WorkloadPriorityClass extends KubernetesObject {
  apiVersion: typeof kueueApiVersion;
  kind: 'WorkloadPriorityClass';
  value: number;
}

/** Kubernetes' own priority of pods. */
export interface PriorityClass extends KubernetesObject {
  apiVersion: 'scheduling.k8s.io/v1';
  kind: 'PriorityClass';
  value: number;
}
