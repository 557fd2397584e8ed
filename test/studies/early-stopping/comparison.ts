import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import type { TrialRow } from '../../../operator/api/v1alpha1/training-sweep-status.ts';
import { settingsOf } from '../../../operator/cli/sweep-table.ts';

/** A finished sweep with the runs of its trials. */
export interface FinishedSweep {
  readonly sweep: TrainingSweep;
  readonly runs: readonly TrainingRun[];
  /** Steps that the newest checkpoint of each run holds, in the same order: it is saved where training ended. */
  readonly steps: readonly number[];
}

/** What a sweep found and what it took to find it. */
export interface Outcome {
  /** Index of the best trial that trained to its end. */
  readonly best: number;
  /** Its top-1, a ratio. */
  readonly top1: number;
  /** Epochs trained by all trials together, also those that were begun and not finished. */
  readonly epochs: number;
  readonly trainedToTheEnd: number;
  readonly gpuHours: number;
}

export function outcomeOf({ sweep, runs, steps }: FinishedSweep): Outcome {
  const { best, counts, gpuHours = 0 } = sweep.status ?? {};
  if (best === undefined || counts === undefined) throw new Error(`${sweep.metadata.name} found nothing`);
  return {
    best: best.index,
    top1: best.value,
    epochs: runs.reduce((sum, run, index) => sum + epochsOf(run, steps[index] ?? NaN), 0),
    trainedToTheEnd: counts.succeeded,
    gpuHours,
  };
}

/** By steps, as a run may be suspended within an epoch. */
function epochsOf({ metadata, status }: TrainingRun, steps: number): number {
  const { progress } = status ?? {};
  if (progress === undefined) throw new Error(`${metadata.name} never said how far it came`);
  return (steps / progress.steps) * progress.epochs;
}

/** The trials side by side as a table in Markdown, the best of the full-length search first. */
export function drawTrialsTable(full: FinishedSweep, stopped: FinishedSweep): string[] {
  const rows = [...(full.sweep.status?.trials ?? [])].sort(
    (left, right) => (right.value ?? 0) - (left.value ?? 0) || left.index - right.index,
  );
  return [
    '| trial | settings | full length | asha | asha stopped after |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => {
      const other = stopped.sweep.status?.trials?.[row.index];
      const settings = Object.entries(settingsOf(full.sweep, row)).map(
        ([path, value]) => `${path.split('.').at(-1) ?? path} ${shorten(value)}`,
      );
      return `| ${row.index} | ${settings.join(', ')} | ${percent(row)} | ${percent(other)} | ${restOf(other)} |`;
    }),
  ];
}

function restOf(row: TrialRow | undefined): string {
  if (row === undefined) return 'never begun';
  return row.phase === 'Succeeded' ? 'its end' : `epoch ${row.epoch ?? 0}`;
}

function percent(row: TrialRow | undefined): string {
  return row?.value === undefined ? (row?.phase ?? '') : `${(100 * row.value).toFixed(2)} %`;
}

function shorten(value: number | string | boolean): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : String(value);
}
