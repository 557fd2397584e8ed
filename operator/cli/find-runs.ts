import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import type { Connection } from './connection/connection.ts';
import { findObject, findObjects } from './find-objects.ts';

/** The runs of a place, by namespace and name; see {@link findObjects}. */
export async function findRuns(connection: Connection, names: readonly string[]): Promise<TrainingRun[]> {
  return findObjects(connection, resourceTypes.trainingRuns, 'run', names);
}

/** The sweeps of a place, by namespace and name; see {@link findObjects}. */
export async function findSweeps(connection: Connection, names: readonly string[]): Promise<TrainingSweep[]> {
  return findObjects(connection, resourceTypes.trainingSweeps, 'sweep', names);
}

/** The one run of this name; see {@link findObject}. */
export async function findRun(connection: Connection, name: string): Promise<TrainingRun> {
  return findObject(connection, resourceTypes.trainingRuns, 'run', name);
}
