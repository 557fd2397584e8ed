import { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { fromTimestamp } from '../../base/clock.ts';
import type { LogSource, PodLog } from '../logs/log-source.ts';

/**
 * The epochs that rank 0 told in its logs, oldest first. Where an attempt trained an epoch again, its word counts.
 * @param run left out where it is not known; lines from before it was made belong to one of the same name
 */
export async function curvesOfLogs(source: LogSource, run?: TrainingRun): Promise<EpochSummary[]> {
  const madeMs = fromTimestamp(run?.metadata.creationTimestamp) ?? 0;
  const epochs = new Map<number, EpochSummary>();
  const leads = (await source.list())
    .filter(({ podIndex }) => podIndex === 0)
    .sort((left, right) => left.attempt - right.attempt);
  for (const log of leads)
    for await (const summary of epochsOf(log, madeMs)) epochs.set(summary.epoch, summary);
  return inOrder(epochs.values());
}

/** Curves of an older and a newer source as one; the newer counts where both know an epoch. */
export function joinCurves(older: readonly EpochSummary[], newer: readonly EpochSummary[]): EpochSummary[] {
  const epochs = new Map([...older, ...newer].map((summary) => [summary.epoch, summary]));
  return inOrder(epochs.values());
}

async function* epochsOf(log: PodLog, fromMs: number): AsyncGenerator<EpochSummary, void, undefined> {
  for await (const { fields, timeMs } of log.lines({ follow: false }, new AbortController().signal)) {
    if (fields === undefined || timeMs < fromMs || !/^epoch \d/.test(fields.msg)) continue;
    const summary = EpochSummary.safeParse(fields.others);
    if (summary.success) yield summary.data;
  }
}

function inOrder(epochs: Iterable<EpochSummary>): EpochSummary[] {
  return [...epochs].sort((left, right) => left.epoch - right.epoch);
}
