import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { RingmasterError } from '../../base/errors.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';
import { nameOf } from '../display/run-block.ts';
import { isFinished } from './submission.ts';

/**
 * Watches runs until each is finished or suspended.
 * @param runs what was submitted
 * @param onChange called with every new version of a run
 * @returns the last version of each run, in the order of `runs`
 * @throws whatever `signal` was aborted with
 */
export async function followRuns(
  cluster: Cluster,
  runs: readonly TrainingRun[],
  onChange: (run: TrainingRun) => void,
  signal: AbortSignal,
): Promise<TrainingRun[]> {
  const latest = new Map(runs.map((run) => [run.metadata.uid, run]));
  const watching = new AbortController();
  try {
    const ending = AbortSignal.any([signal, watching.signal]);
    for await (const event of cluster.watch<TrainingRun>(resourceTypes.trainingRuns, {}, ending)) {
      if (event.type !== 'synced') {
        const { object: run } = event;
        if (!latest.has(run.metadata.uid)) continue;
        latest.set(run.metadata.uid, run);
        if (event.type === 'deleted' && !isFinished(run)) {
          throw new RingmasterError('RunDeleted', `the run ${nameOf(run)} was deleted before it finished`);
        }
        onChange(run);
      }
      if ([...latest.values()].every(isAtRest)) return [...latest.values()];
    }
  } finally {
    watching.abort();
  }
  signal.throwIfAborted();
  throw new RingmasterError('WatchEnded', 'the watch on the runs ended before they did');
}

/** Finished, or suspended as asked. A run that is to go on again may still say `Suspended` for a moment. */
export function isAtRest(run: TrainingRun): boolean {
  return isFinished(run) || (run.spec.suspend && run.status?.phase === 'Suspended');
}
