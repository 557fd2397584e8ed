import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus } from '../api/v1alpha1/training-sweep-status.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { mergePatchOf } from './merge-patch-of.ts';
import { keyOf, parseKey } from './object-cache.ts';

/** What became of a status. */
export type SweepWritten =
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'written'; readonly sweep: TrainingSweep }
  /** Only figures changed, and not long ago it was written; write again after so long. */
  | { readonly outcome: 'postponed'; readonly waitMs: number };

/** Writes statuses: decisions at once, figures that change all the time at most once in an interval. */
export class SweepStatusWriter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #lastWriteMs = new Map<string, number>();

  constructor(cluster: Cluster, clock: Clock, intervalMs: number) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /**
   * Makes `status` the status of the sweep.
   * @throws ClusterError with reason Conflict when the sweep was changed since it was observed; look again then
   */
  async write(sweep: TrainingSweep, status: TrainingSweepStatus): Promise<SweepWritten> {
    const before = sweep.status ?? {};
    const patch = mergePatchOf(before, status);
    if (patch === undefined) return { outcome: 'unchanged' };
    const key = keyOf(sweep.metadata);
    const waitMs = (this.#lastWriteMs.get(key) ?? -Infinity) + this.#intervalMs - this.#clock.monotonicMs();
    if (waitMs > 0 && isDeepStrictEqual(decisionsOf(before), decisionsOf(status)))
      return { outcome: 'postponed', waitMs };
    const { uid, resourceVersion } = sweep.metadata;
    const written = await this.#cluster.patchStatus<TrainingSweep>(
      resourceTypes.trainingSweeps,
      parseKey(key),
      { status: patch },
      {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    );
    this.#lastWriteMs.set(key, this.#clock.monotonicMs());
    return { outcome: 'written', sweep: written };
  }

  forget(key: string): void {
    this.#lastWriteMs.delete(key);
  }
}

/** A status without the figures that change by themselves. */
function decisionsOf({ trials = [], ...rest }: TrainingSweepStatus): unknown {
  const rows = trials.map(({ index, phase, reason, point, values }) => ({
    index,
    phase,
    reason,
    point,
    values,
  }));
  return { ...rest, gpuHours: undefined, trials: rows };
}
