import { dirname } from 'node:path';
import { z } from 'zod';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { describeError } from '../../base/errors.ts';
import { CheckpointSummary } from '../checkpoints/checkpoint-documents.ts';
import { runCheckpointsProgram, type StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { CommandContext } from '../context.ts';
import { newestCheckpoint } from '../curves/saved-curves.ts';
import { nameOf } from '../display/run-block.ts';
import { CheckpointOrigin } from './environment.ts';

/** What storage has of a run. */
interface StoredCheckpoints {
  readonly checkpoints: readonly CheckpointSummary[];
  /** What the newest of them was made with. */
  readonly origin?: CheckpointOrigin;
}

/** The checkpoints that storage has. A report without them is still worth having. */
export async function readCheckpoints(
  run: TrainingRun,
  store: StoreOptions,
  context: CommandContext,
): Promise<StoredCheckpoints> {
  const newest = newestCheckpoint(run);
  if (newest === undefined) return { checkpoints: [] };
  try {
    const checkpoints = await runCheckpointsProgram(context, z.array(CheckpointSummary), {
      ...{ action: 'list', uri: folderOf(newest), store },
    });
    if (checkpoints.every(({ problem }) => problem !== undefined)) return { checkpoints };
    const { state } = await runCheckpointsProgram(context, z.object({ state: CheckpointOrigin }), {
      ...{ action: 'show', uri: folderOf(newest), store },
    });
    return { checkpoints, origin: state };
  } catch (error) {
    context.stderr.write(
      `${nameOf(run)}: its checkpoints are not told of: ${folderOf(newest)} cannot be read: ${describeError(error)}\n`,
    );
    return { checkpoints: [] };
  }
}

/** The folder of a run's checkpoints, one above that of a step. */
function folderOf(uri: string): string {
  return uri.includes('://') ? uri.replace(/\/[^/]+\/?$/, '') : dirname(uri);
}
