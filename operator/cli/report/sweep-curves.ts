import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { Connection } from '../connection/connection.ts';
import type { CommandContext, TextOutput } from '../context.ts';
import { readCurves } from '../curves/run-curves.ts';
import type { TrialCurve } from './sweep-charts.ts';

/** Trials whose curves are read at once. */
const readers = 4;

/** The learning curves of a sweep's trials, as far as they can be had. */
export async function readTrialCurves(
  runs: readonly TrainingRun[],
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<TrialCurve[]> {
  const curves: TrialCurve[] = [];
  // What keeps the logs of one trial from being read keeps those of all.
  const quiet = { ...context, stderr: withoutRepetition(context.stderr) };
  const left = [...runs];
  const read = async () => {
    for (let run = left.shift(); run !== undefined; run = left.shift()) {
      const index = Number(run.metadata.labels?.[labels.trial]);
      if (Number.isInteger(index))
        curves.push({ index, history: await readCurves(run, connection, store, quiet) });
    }
  };
  await Promise.all(Array.from({ length: readers }, read));
  return curves.sort((before, after) => before.index - after.index);
}

function withoutRepetition(output: TextOutput): TextOutput {
  const written = new Set<string>();
  return {
    ...output,
    write: (text) => {
      if (!written.has(text)) output.write(text);
      written.add(text);
    },
  };
}
