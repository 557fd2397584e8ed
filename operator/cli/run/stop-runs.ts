import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { Pod } from '../../api/wire.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';
import { isFinished, keyOf } from './submission.ts';

/** Grace period of pods that are to end at once. */
const impatientGraceSeconds = 1;

/** Asks runs to save a checkpoint, end their pods and wait. */
export async function suspendRuns(cluster: Cluster, runs: readonly TrainingRun[]): Promise<void> {
  for (const run of runs) {
    const current = await cluster.get<TrainingRun>(resourceTypes.trainingRuns, keyOf(run));
    if (current === undefined || isFinished(current)) continue;
    await cluster.patch<TrainingRun>(resourceTypes.trainingRuns, keyOf(run), { spec: { suspend: true } });
  }
}

/** Ends the pods of runs with no time to save anything. */
export async function endPods(cluster: Cluster, runs: readonly TrainingRun[]): Promise<void> {
  for (const { metadata } of runs) {
    const selection = { labels: { [labels.runUid]: metadata.uid ?? '' } };
    for (const pod of await cluster.list<Pod>(resourceTypes.pods, selection)) {
      const key = { namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name };
      await cluster.delete<Pod>(resourceTypes.pods, key, { gracePeriodSeconds: impatientGraceSeconds });
    }
  }
}
