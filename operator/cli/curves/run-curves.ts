import { join } from 'node:path';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { describeError } from '../../base/errors.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import type { StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { Connection } from '../connection/connection.ts';
import type { CommandContext } from '../context.ts';
import { nameOf } from '../display/run-block.ts';
import { clusterLogs } from '../logs/cluster-logs.ts';
import { folderLogs } from '../logs/folder-logs.ts';
import type { LogSource } from '../logs/log-source.ts';
import { keyOf } from '../run/submission.ts';
import { curvesOfLogs, joinCurves } from './curves-of-logs.ts';
import { readSavedCurves } from './saved-curves.ts';

/**
 * The learning curves of a run as far as they can be had: what its ranks told in the logs that are still there, and
 * where that is not all, what the newest checkpoint holds.
 * @throws ClusterError when the logs of a cluster's pods are not ours to read
 */
export async function readCurves(
  run: TrainingRun,
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<readonly EpochSummary[]> {
  const told = await readLogs(run, logsOf(run, connection, context), context);
  if (isWhole(told, run)) return told;
  return joinCurves((await readSavedCurves(run, store, context)) ?? [], told);
}

function logsOf(run: TrainingRun, connection: Connection, { clock }: CommandContext): LogSource {
  if (connection.kind === 'cluster') return clusterLogs(connection.cluster, run, clock);
  const { namespace, name } = keyOf(run);
  return folderLogs(join(connection.place.folder, 'logs', namespace, name), name, clock);
}

async function readLogs(
  run: TrainingRun,
  source: LogSource,
  { stderr }: CommandContext,
): Promise<EpochSummary[]> {
  try {
    return await curvesOfLogs(source, run);
  } catch (error) {
    // A node that is away takes the logs of its pods with it; the checkpoint may still tell.
    if (!isClusterError(error, 'Unavailable') && !isClusterError(error, 'NotFound')) throw error;
    stderr.write(`${nameOf(run)}: its logs cannot be read: ${describeError(error)}\n`);
    return [];
  }
}

/** Whether no epoch is missing, from the first to the last evaluation that the status knows. */
function isWhole(told: readonly EpochSummary[], { status }: TrainingRun): boolean {
  const evaluated = Math.max(status?.progress?.validation?.epoch ?? 0, status?.checkpoint?.epoch ?? 0);
  return told.length >= Math.floor(evaluated) && told.every(({ epoch }, index) => epoch === index + 1);
}
