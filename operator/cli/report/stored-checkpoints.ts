import { dirname } from 'node:path';
import * as z from 'zod';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { describeError } from '../../base/errors.ts';
import { CheckpointSummary } from '../checkpoints/checkpoint-documents.ts';
import { runCheckpointsProgram, type StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { CommandContext } from '../context.ts';
import { newestCheckpoint } from '../curves/saved-curves.ts';
import { nameOf } from '../display/run-block.ts';
import { CheckpointOrigin } from './environment.ts';

/** The checkpoints that storage has of a run, also those that are none. A report without them is still worth having. */
export async function listStoredCheckpoints(
  run: TrainingRun,
  store: StoreOptions,
  context: CommandContext,
): Promise<readonly CheckpointSummary[]> {
  const newest = newestCheckpoint(run);
  if (newest === undefined) return [];
  const uri = folderOf(newest);
  try {
    return await runCheckpointsProgram(context, z.array(CheckpointSummary), { action: 'list', uri, store });
  } catch (error) {
    context.stderr.write(
      `${nameOf(run)}: its checkpoints are not told of: ${uri} cannot be read: ${describeError(error)}\n`,
    );
    return [];
  }
}

/** What the newest checkpoint that storage has of a run was made with; `undefined` where none can be read. */
export async function readOrigin(
  run: TrainingRun,
  store: StoreOptions,
  context: CommandContext,
): Promise<CheckpointOrigin | undefined> {
  const newest = newestCheckpoint(run);
  if (newest === undefined) return undefined;
  const uri = folderOf(newest);
  try {
    const Details = z.object({ state: CheckpointOrigin });
    return (await runCheckpointsProgram(context, Details, { action: 'show', uri, store })).state;
  } catch (error) {
    context.stderr.write(
      `${nameOf(run)}: what it was made with is not told of: the newest checkpoint of ${uri} cannot be read: ${describeError(error)}\n`,
    );
    return undefined;
  }
}

/** The folder of a run's checkpoints, one above that of a step. */
function folderOf(uri: string): string {
  return uri.includes('://') ? uri.replace(/\/[^/]+\/?$/, '') : dirname(uri);
}
