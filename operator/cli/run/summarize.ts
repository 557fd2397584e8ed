import { join } from 'node:path';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { formatEpoch } from '../display/figures.ts';
import { failedCondition } from '../display/notices.ts';
import { nameOf } from '../display/run-block.ts';
import { createStyle, wantsColour } from '../display/style.ts';
import { drawSummary } from '../display/summary.ts';
import { columnsOf } from '../display/terminal-size.ts';
import { readSavedHistory } from './history.ts';
import { shortPath } from './short-path.ts';
import { keyOf } from './submission.ts';
import type { TrainingSettings } from './training-settings.ts';

/** Curves of the runs by UID, as far as they were seen. */
export type Curves = Map<string | undefined, readonly EpochSummary[]>;

/** Prints how the runs ended: figures, paths and curves, and how to go on where that is possible. */
export async function summarize(
  objects: readonly TrainingRun[],
  curves: Curves,
  settings: TrainingSettings,
): Promise<void> {
  const { context, quiet, folder } = settings;
  if (quiet) {
    for (const run of objects) {
      const failure = failedCondition(run.status ?? {});
      if (failure !== undefined) context.stderr.write(`${nameOf(run)}: failed: ${failure}\n`);
    }
    return;
  }
  const output = settings.output === undefined ? context.stdout : context.stderr;
  const style = createStyle(wantsColour(output.isTTY === true, context.environment));
  for (const run of objects) {
    const { namespace, name } = keyOf(run);
    const history = (await readSavedHistory(run)) ?? curves.get(run.metadata.uid) ?? [];
    const logsFolder = shortPath(join(folder, 'logs', namespace, name), context.workingFolder);
    const lines = drawSummary(run, { width: columnsOf(output), style, history, logsFolder });
    output.write(`\n${lines.join('\n')}\n`);
  }
  if (objects.some(({ status }) => status?.phase === 'Suspended')) {
    context.stderr.write(`\n${describeSuspension(objects)}; to continue: ${settings.continueCommand}\n`);
  }
}

function describeSuspension(objects: readonly TrainingRun[]): string {
  return objects
    .filter(({ status }) => status?.phase === 'Suspended')
    .map((run) => {
      const { checkpoint } = run.status ?? {};
      return checkpoint === undefined
        ? `${nameOf(run)} is suspended before its first checkpoint`
        : `${nameOf(run)} is suspended at epoch ${formatEpoch(checkpoint.epoch)}, step ${checkpoint.step}`;
    })
    .join('; ');
}
