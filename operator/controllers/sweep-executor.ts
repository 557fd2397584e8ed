import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import type { SweepAction } from '../plan/sweep-plan.ts';
import { createOwned, inGrowingBatches } from './plan-executor.ts';

/**
 * Carries out the actions of a plan: first what makes room. What fails is tried again by the next plan.
 * @param onCreated told the UID of each run that was made, or had been
 * @throws the first error of the API
 */
export async function executeSweepActions(
  cluster: Cluster,
  sweep: TrainingSweep,
  actions: readonly SweepAction[],
  onCreated: (uid: string | undefined) => void,
): Promise<void> {
  const { name: sweepName, namespace = 'default' } = sweep.metadata;
  const changes: (() => Promise<void>)[] = [];
  const creations: (() => Promise<void>)[] = [];
  for (const action of actions) {
    switch (action.type) {
      case 'createTrial':
        creations.push(async () => {
          const type = resourceTypes.trainingRuns;
          onCreated(await createOwned<TrainingRun>(cluster, type, action.run, sweep));
        });
        break;
      case 'suspendTrial':
        changes.push(async () => {
          const { name, uid, suspend } = action;
          const key = { namespace, name };
          await cluster.patch<TrainingRun>(resourceTypes.trainingRuns, key, { spec: { suspend } }, { uid });
        });
        break;
      case 'deleteSweep':
        changes.push(() =>
          cluster.delete<TrainingSweep>(
            resourceTypes.trainingSweeps,
            { namespace, name: sweepName },
            { preconditions: { uid: action.uid } },
          ),
        );
    }
  }
  await inGrowingBatches(changes);
  await inGrowingBatches(creations);
}
