import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { ProgressDocument, type EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';

/** The part of a checkpoint's `state.json` that holds the curves. */
const SavedHistory = z.object({ history: ProgressDocument.shape.history });

/** The curves that a run's last checkpoint holds, or `undefined` when they cannot be read from here. */
export async function readSavedHistory({ status }: TrainingRun): Promise<EpochSummary[] | undefined> {
  const folder = localFolder(status?.result?.uri ?? status?.checkpoint?.uri);
  if (folder === undefined) return undefined;
  try {
    const text = await readFile(join(folder, 'state.json'), 'utf8');
    return SavedHistory.parse(JSON.parse(text)).history;
  } catch {
    return undefined; // The curves are an ornament: without them the summary still stands.
  }
}

/** The curves so far with a point for the last evaluation that a run's status shows, if that is a new one. */
export function withEvaluation(
  history: readonly EpochSummary[],
  { status }: TrainingRun,
): readonly EpochSummary[] {
  const { validation, loss, learningRate } = status?.progress ?? {};
  if (validation === undefined || loss === undefined) return history;
  if (validation.epoch <= (history.at(-1)?.epoch ?? 0)) return history;
  const point = {
    epoch: validation.epoch,
    trainLoss: loss,
    learningRate: learningRate ?? 0,
    validationLoss: validation.loss,
    top1: validation.top1,
    top5: validation.top5,
  };
  return [...history, point];
}

function localFolder(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined;
  if (uri.startsWith('file://')) return fileURLToPath(uri);
  return uri.startsWith('/') ? uri : undefined;
}
