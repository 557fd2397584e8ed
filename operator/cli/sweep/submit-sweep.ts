import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';
import { mergePatchOf } from '../../controllers/merge-patch-of.ts';
import { CommandError } from '../command-error.ts';
import { keyOf } from '../run/submission.ts';

/** A sweep that was handed over, and how. */
export interface SubmittedSweep {
  readonly sweep: TrainingSweep;
  readonly kind: 'create' | 'change' | 'continue';
}

const type = resourceTypes.trainingSweeps;

/**
 * Creates a sweep, or goes on with the one that is there; what may change of a sweep is changed.
 * @throws CommandError when it is there and cannot become this one
 */
export async function submitSweep(
  cluster: Cluster,
  wanted: TrainingSweep,
  { replace }: { readonly replace: boolean },
): Promise<SubmittedSweep> {
  const key = keyOf(wanted);
  const existing = await cluster.get<TrainingSweep>(type, key);
  if (existing !== undefined && replace) await removeSweep(cluster, existing);
  if (existing === undefined || replace) {
    return { kind: 'create', sweep: await cluster.create<TrainingSweep>(type, wanted) };
  }
  const patch = mergePatchOf(existing.spec, wanted.spec);
  if (patch === undefined) return { kind: 'continue', sweep: existing };
  try {
    return { kind: 'change', sweep: await cluster.patch<TrainingSweep>(type, key, { spec: patch }) };
  } catch (error) {
    if (!isClusterError(error, 'Invalid')) throw error;
    const cure = 'give the new one another metadata.name, or pass --replace to start anew';
    throw new CommandError(`${error.message}; ${cure}`, { cause: error });
  }
}

/** Deletes a sweep and waits until its trials are gone too. Their checkpoints stay. */
async function removeSweep(cluster: Cluster, sweep: TrainingSweep): Promise<void> {
  const selection = { labels: { [labels.sweepUid]: sweep.metadata.uid ?? '' } };
  await cluster.delete<TrainingSweep>(type, keyOf(sweep));
  const left = new Set(
    (await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection)).map((run) => run.metadata.uid),
  );
  const watching = new AbortController();
  try {
    for await (const event of cluster.watch<TrainingRun>(
      resourceTypes.trainingRuns,
      selection,
      watching.signal,
    )) {
      if (event.type === 'synced') {
        const there = await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection);
        if (there.length === 0) return;
      } else if (event.type === 'deleted') left.delete(event.object.metadata.uid);
      if (left.size === 0) return;
    }
  } finally {
    watching.abort();
  }
}
