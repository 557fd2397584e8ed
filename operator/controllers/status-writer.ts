import type { Clock } from '../base/clock.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { mergePatchOf } from './merge-patch-of.ts';
import { keyOf, parseKey } from './object-cache.ts';

/** What became of a status. */
export type Written =
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'written'; readonly run: TrainingRun }
  /** Nothing but figures changed, and not long ago they were written; write again after so long. */
  | { readonly outcome: 'postponed'; readonly waitMs: number };

/**
 * Writes statuses: only when something changed, and figures alone at most once in an interval. Counts of pods wait for a
 * fifth of it: most change because a gang starts or ends, and the decision that follows from the last pod takes them along.
 */
export class StatusWriter {
  readonly #cluster: Pick<Cluster, 'patchStatus'>;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #lastWriteMs = new Map<string, number>();
  /** When counts of pods were first seen that are not written yet. */
  readonly #countedAtMs = new Map<string, number>();

  constructor(cluster: Pick<Cluster, 'patchStatus'>, clock: Clock, intervalMs: number) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /**
   * Makes `status` the status of the run.
   * @throws ClusterError with reason Conflict when the run was changed since it was observed; look again then
   */
  async write(run: TrainingRun, status: TrainingRunStatus): Promise<Written> {
    const patch = mergePatchOf(run.status ?? {}, status);
    if (patch === undefined) return { outcome: 'unchanged' };
    const key = keyOf(run.metadata);
    const isFiguresOnly =
      mergePatchOf(withoutFigures(run.status ?? {}), withoutFigures(status)) === undefined;
    const waitMs = this.#dueAtMs(key, patch.trainers !== undefined) - this.#clock.monotonicMs();
    if (isFiguresOnly && waitMs > 0) return { outcome: 'postponed', waitMs };
    const { uid, resourceVersion } = run.metadata;
    const written = await this.#cluster.patchStatus<TrainingRun>(
      resourceTypes.trainingRuns,
      parseKey(key),
      { status: patch },
      {
        ...(uid === undefined ? {} : { uid }),
        // A decision must rest on what is stored; figures are true whatever else changed meanwhile. The list of
        // conditions is written as a whole.
        ...((isFiguresOnly && patch.conditions === undefined) || resourceVersion === undefined
          ? {}
          : { resourceVersion }),
      },
    );
    this.#lastWriteMs.set(key, this.#clock.monotonicMs());
    this.#countedAtMs.delete(key);
    return { outcome: 'written', run: written };
  }

  /** When figures may be written. */
  #dueAtMs(key: string, areCounts: boolean): number {
    const dueAtMs = (this.#lastWriteMs.get(key) ?? -Infinity) + this.#intervalMs;
    if (!areCounts) return dueAtMs;
    const countedAtMs = this.#countedAtMs.get(key) ?? this.#clock.monotonicMs();
    this.#countedAtMs.set(key, countedAtMs);
    return Math.max(dueAtMs, countedAtMs + this.#intervalMs / 5);
  }

  forget(key: string): void {
    this.#lastWriteMs.delete(key);
    this.#countedAtMs.delete(key);
  }
}

/** What of a status people and programs wait for; the rest moves all the time and may be a few seconds late. */
function withoutFigures(status: TrainingRunStatus): TrainingRunStatus {
  const rest = { ...status };
  delete rest.progress;
  delete rest.checkpoint;
  delete rest.trainers;
  // What a gang waits for changes with every look of the scheduler.
  return {
    ...rest,
    conditions: (status.conditions ?? []).map((condition) => ({ ...condition, message: '' })),
  };
}
