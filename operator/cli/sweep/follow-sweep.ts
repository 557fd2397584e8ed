import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { RingmasterError } from '../../base/errors.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';

/**
 * Watches a sweep until it is finished or suspended.
 * @param onChange called with every new version of it
 * @returns its last version
 * @throws whatever `signal` was aborted with
 */
export async function followSweep(
  cluster: Cluster,
  submitted: TrainingSweep,
  onChange: (sweep: TrainingSweep) => void,
  signal: AbortSignal,
): Promise<TrainingSweep> {
  const watching = new AbortController();
  try {
    const ending = AbortSignal.any([signal, watching.signal]);
    for await (const event of cluster.watch<TrainingSweep>(resourceTypes.trainingSweeps, {}, ending)) {
      if (event.type === 'synced' || event.object.metadata.uid !== submitted.metadata.uid) continue;
      const { object: sweep } = event;
      if (event.type === 'deleted')
        throw new RingmasterError('SweepDeleted', `the sweep ${sweep.metadata.name} was deleted`);
      onChange(sweep);
      if (isAtRest(sweep)) return sweep;
    }
  } finally {
    watching.abort();
  }
  signal.throwIfAborted();
  throw new RingmasterError('WatchEnded', 'the watch on the sweep ended before it did');
}

/** Whether the status is about this spec and says that nothing goes on. */
export function isAtRest({ metadata, spec, status }: TrainingSweep): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  const { phase } = status ?? {};
  return phase === 'Succeeded' || phase === 'Failed' || (spec.suspend && phase === 'Suspended');
}
