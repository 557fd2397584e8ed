import type { KubernetesObject } from '../../../operator/api/wire.ts';
import type { ResourceType } from '../../../operator/cluster/cluster.ts';
import type { Child } from '../../control-plane/child.ts';
import type { ControlPlane } from '../../control-plane/start.ts';
import type { User } from '../../control-plane/users.ts';

/** Pods of every run. */
export const podsPerRun = 2;
/** What each pod asks for. */
export const gpusPerPod = 8;
/** Restarts that a run may have: more than any bench makes. */
export const restartBudget = 1000;
/** The client limits of all; for training-operator, operator/setup/peer-operators.mjs patches them in. */
export const clientLimits = { requestsPerSecond: 500, burst: 1000 } as const;

/** An operator that is measured. */
export interface Contestant {
  readonly name: string;
  /** Files of the CRDs that it needs. */
  readonly crdFiles: readonly string[];
  /** It, as the API server knows it. */
  readonly user: string;
  /** Who else works for its runs, and for no other operator's. Default nobody. */
  readonly helpers?: readonly string[];
  /** Users that the control plane must know for it. Default none. */
  readonly users?: readonly User[];
  /** Its kind of a run. */
  readonly type: ResourceType<ContestantRun>;
  /** The label of a pod that holds its run's name. */
  readonly runLabel: string;
  /** How many pods a failed pod leads to. */
  readonly podsPerRestart: number;
  /** Starts it, and waits until it says that it is ready. */
  start(controlPlane: ControlPlane, folder: string): Promise<Child>;
  /** A run of {@link podsPerRun} pods. */
  run(namespace: string, name: string): ContestantRun;
  /** Whether the run's status says that all of its pods run, after so many restarts. */
  isRunning(run: ContestantRun, restarts: number): boolean;
  hasSucceeded(run: ContestantRun): boolean;
}

/** A run of any operator: as much of it as is read here. */
export interface ContestantRun extends KubernetesObject {
  spec: unknown;
  status?: {
    phase?: string;
    attempt?: number;
    restarts?: number;
    conditions?: { type: string; status: string }[];
    replicatedJobsStatus?: { ready: number }[];
  };
}

export function hasCondition(run: ContestantRun, type: string): boolean {
  return (
    run.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ??
    false
  );
}

/** The pods of the other operators; they do nothing, as no kubelet starts them. */
export function podTemplate(containerName: string, spec: object = {}): object {
  const resources = { limits: { 'nvidia.com/gpu': gpusPerPod } };
  return { spec: { ...spec, containers: [{ name: containerName, image: 'trainer:test', resources }] } };
}
