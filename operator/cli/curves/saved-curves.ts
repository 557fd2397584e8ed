import * as z from 'zod';
import { ProgressDocument, type EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { describeError } from '../../base/errors.ts';
import { runCheckpointsProgram, type StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { CommandContext } from '../context.ts';
import { nameOf } from '../display/run-block.ts';
import { readSavedHistory } from '../run/history.ts';

const Saved = z.object({ state: z.looseObject({ history: ProgressDocument.shape.history }) });

/** The newest checkpoint of a run that its status names. */
export function newestCheckpoint({ status }: TrainingRun): string | undefined {
  return status?.result?.uri ?? status?.checkpoint?.uri;
}

/**
 * The curves that the newest checkpoint of a run holds, from a folder or a store; none where there is no checkpoint.
 * Where it cannot be read that is said on standard error, and the curves are `undefined`.
 */
export async function readSavedCurves(
  run: TrainingRun,
  store: StoreOptions,
  context: CommandContext,
): Promise<readonly EpochSummary[] | undefined> {
  const uri = newestCheckpoint(run);
  if (uri === undefined) return [];
  const here = await readSavedHistory(run);
  if (here !== undefined) return here;
  try {
    return (await runCheckpointsProgram(context, Saved, { action: 'show', uri, store })).state.history;
  } catch (error) {
    context.stderr.write(`${nameOf(run)}: ${uri} cannot be read from here: ${describeError(error)}\n`);
    return undefined;
  }
}
