import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import type { Connection } from '../connection/connection.ts';

/** A sweep and the runs of its trials that are still there. */
export interface FoundSweep {
  readonly sweep: TrainingSweep;
  readonly runs: readonly TrainingRun[];
}

/** The sweep of a name, or `namespace/name`, when there is no run of that name: runs come first. */
export async function findSweep(
  { cluster, scope }: Connection,
  name: string,
): Promise<FoundSweep | undefined> {
  const isMeant = ({ metadata }: TrainingRun | TrainingSweep) =>
    metadata.name === name || `${metadata.namespace ?? 'default'}/${metadata.name}` === name;
  const runs = await cluster.list<TrainingRun>(resourceTypes.trainingRuns, scope);
  if (runs.some(isMeant)) return undefined;
  const sweep = (await sweepsOf({ cluster, scope })).find(isMeant);
  if (sweep === undefined) return undefined;
  const { uid } = sweep.metadata;
  return { sweep, runs: runs.filter(({ metadata }) => metadata.labels?.[labels.sweepUid] === uid) };
}

/** None where the cluster does not know of sweeps, or does not let them be seen: then a run is meant. */
async function sweepsOf({ cluster, scope }: Pick<Connection, 'cluster' | 'scope'>): Promise<TrainingSweep[]> {
  try {
    return await cluster.list<TrainingSweep>(resourceTypes.trainingSweeps, scope);
  } catch (error) {
    if (isClusterError(error, 'NotFound') || isClusterError(error, 'Forbidden')) return [];
    throw error;
  }
}
