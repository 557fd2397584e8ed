import { apiVersion, trainingSweepKind } from '../../operator/api/v1alpha1/group.ts';
import type { TrainingSweepStatus } from '../../operator/api/v1alpha1/training-sweep-status.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { recipe, runSpec, trainers } from './runs.ts';
import { namespace, stepsPerEpoch, type ClusterSystem } from './world.ts';

/** Long enough that a trial is not over before a test has asked something of its sweep. */
const epochs = 6;
export const trialSteps = epochs * stepsPerEpoch;

/** Applies a sweep of two trials of one pod each, changed by `spec`, with kubectl. */
export async function applySweep(system: ClusterSystem, name: string, spec: object): Promise<void> {
  const sweep = {
    apiVersion,
    kind: trainingSweepKind,
    metadata: { name, namespace },
    spec: {
      runTemplate: { ...runSpec(system), recipe: { ...recipe, epochs }, trainers: { ...trainers, pods: 1 } },
      parameters: [{ path: 'recipe.labelSmoothing', values: [0, 0.1] }],
      search: { algorithm: 'grid' },
      ...spec,
    },
  };
  await kubectl(system.controlPlane, ['apply', '-f', '-'], JSON.stringify(sweep));
}

/** Waits until the status of a sweep is as a test wants it. */
export async function sweepReaches(
  system: ClusterSystem,
  name: string,
  what: string,
  holds: (status: TrainingSweepStatus) => boolean,
): Promise<TrainingSweepStatus> {
  let seen: TrainingSweepStatus = {};
  return until(
    `sweep ${name}: ${what}`,
    async () => {
      seen = (await system.cluster.get(resourceTypes.trainingSweeps, { namespace, name }))?.status ?? {};
      return holds(seen) ? seen : undefined;
    },
    { timeoutMs: 240_000 },
  ).catch((error: unknown) => {
    throw new Error(`sweep ${name} is ${JSON.stringify(seen)}`, { cause: error });
  });
}
