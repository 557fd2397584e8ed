import { join } from 'node:path';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { Connection } from '../connection/connection.ts';
import { goOnWithout } from '../connection/go-on-without.ts';
import type { CommandContext } from '../context.ts';
import { clusterLogs } from '../logs/cluster-logs.ts';
import { folderLogs } from '../logs/folder-logs.ts';
import type { LogSource } from '../logs/log-source.ts';
import { keyOf } from '../run/submission.ts';
import { curvesOfLogs, joinCurves } from './curves-of-logs.ts';
import { readSavedCurves } from './saved-curves.ts';

/**
 * The learning curves of a run as far as they can be had: what its ranks told in the logs that are still there, and
 * where that is not all, what the newest checkpoint holds. What cannot be read is said on standard error.
 */
export async function readCurves(
  run: TrainingRun,
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<readonly EpochSummary[]> {
  const logs = logsOf(run, connection, context);
  // A node that is away takes the logs of its pods with it; the checkpoint may still tell.
  const told = await goOnWithout('logs of pods', [], connection, context, () => curvesOfLogs(logs, run));
  if (isWhole(told, run)) return told;
  return joinCurves((await readSavedCurves(run, store, context)) ?? [], told);
}

function logsOf(run: TrainingRun, connection: Connection, { clock }: CommandContext): LogSource {
  if (connection.kind === 'cluster') return clusterLogs(connection.cluster, run, clock);
  const { namespace, name } = keyOf(run);
  return folderLogs(join(connection.place.folder, 'logs', namespace, name), name, clock);
}

/** Whether no epoch is missing, from the first to the last evaluation that the status knows. */
function isWhole(told: readonly EpochSummary[], { status }: TrainingRun): boolean {
  const evaluated = Math.max(status?.progress?.validation?.epoch ?? 0, status?.checkpoint?.epoch ?? 0);
  return told.length >= Math.floor(evaluated) && told.every(({ epoch }, index) => epoch === index + 1);
}
