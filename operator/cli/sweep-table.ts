import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { ParameterValue } from '../api/v1alpha1/training-sweep-spec.ts';
import type { TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { ablationCell } from '../search/ablation.ts';
import { answersOf, type Answer } from '../search/answers.ts';
import { settingsAt } from '../search/space.ts';
import { trialName } from '../search/trials.ts';
import { formatEpoch } from './display/figures.ts';
import { drawTable } from './display/table.ts';

/** What a trial is called beside its name: its row and seed, or its values. */
export function settingsOf(sweep: TrainingSweep, { index, point }: TrialRow): Record<string, ParameterValue> {
  const { ablation, parameters } = sweep.spec;
  const cell = ablation === undefined ? undefined : ablationCell(ablation, index);
  if (cell !== undefined) return { row: cell.row.name, seed: cell.seed };
  return Object.fromEntries(
    settingsAt(parameters ?? [], point ?? []).map(({ path, value }) => [path, value]),
  );
}

/** A line for each trial, as far as there is room: those that run first, then the newest. */
export function drawTrials(sweep: TrainingSweep, rows: number): string[] {
  const trials = [...(sweep.status?.trials ?? [])].reverse();
  const active = trials.filter(({ phase }) => phase === 'Active');
  const rest = trials.filter(({ phase }) => phase !== 'Active');
  const shown = [...active, ...rest].slice(0, Math.max(1, rows - 2));
  const heading = ['TRIAL', 'PHASE', 'EPOCH', sweep.spec.objective.metric.toUpperCase(), 'SETTINGS'];
  return [describeSweep(sweep), ...drawTable([heading, ...shown.map((row) => lineOf(sweep, row))])];
}

/** One line that says how far a sweep is. */
export function describeSweep({ metadata, status }: TrainingSweep): string {
  const { phase = 'Pending', active = 0, counts, best, limitedBy } = status ?? {};
  const done = counts === undefined ? '' : `, ${counts.done} of ${counts.total} done`;
  const leader = best === undefined ? '' : `, best ${best.value} (${best.trial})`;
  return `${metadata.name}: ${phase}, ${active} active${done}${leader}${limitedBy === undefined ? '' : `, limited by ${limitedBy}`}`;
}

/** What happened to trials between two versions of a sweep, one line each. */
export function changesOfTrials(before: TrainingSweep | undefined, after: TrainingSweep): string[] {
  return (after.status?.trials ?? []).flatMap((row, index) => {
    const old = before?.status?.trials?.[index];
    if (old?.phase === row.phase && old.epoch === row.epoch) return [];
    const [name = '', phase = '', epoch = '', value = '', settings = ''] = lineOf(after, row);
    const figures = epoch === '' ? '' : `  epoch ${epoch}  ${after.spec.objective.metric} ${value}`;
    return [`${name}  ${phase}${figures}  ${settings}`];
  });
}

function lineOf(sweep: TrainingSweep, row: TrialRow): string[] {
  const settings = Object.entries(settingsOf(sweep, row)).map(([key, value]) =>
    key === 'row' ? String(value) : `${key.replace(/^(model|data|recipe)\./, '')}=${String(value)}`,
  );
  return [
    trialName(sweep, row.index),
    row.reason === undefined ? row.phase : `${row.phase} (${row.reason})`,
    row.epoch === undefined ? '' : formatEpoch(row.epoch),
    row.value === undefined ? '' : formatValue(sweep, row.value),
    settings.join(' '),
  ];
}

/** The table that answers an ablation's question; of a search, nothing. */
export function drawAnswers(sweep: TrainingSweep): string[] {
  const answers = answerCells(sweep);
  if (answers.length === 0) return [];
  const { metric } = sweep.spec.objective;
  return drawTable([['ROW', metric.toUpperCase(), 'SEEDS', 'AGAINST THE FIRST ROW (95 %)', ''], ...answers]);
}

/** Of each row of an ablation: name, mean and deviation, seeds, difference to the first and what to make of it. */
export function answerCells(sweep: TrainingSweep): string[][] {
  return answersOf(sweep).map((answer) => answerLine(sweep, answer));
}

/** Of each trial: name, phase with its reason, epoch, objective and settings. */
export function trialCells(sweep: TrainingSweep): string[][] {
  return (sweep.status?.trials ?? []).map((row) => lineOf(sweep, row));
}

function answerLine(
  sweep: TrainingSweep,
  { row, values, mean, standardDeviation, difference }: Answer,
): string[] {
  const format = (value: number) => formatValue(sweep, value);
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${format(Math.abs(value))}`;
  const spread = standardDeviation === undefined ? '' : ` ± ${format(standardDeviation)}`;
  const interval = difference?.interval;
  const against =
    difference?.mean === undefined
      ? ''
      : `${signed(difference.mean)}${interval === undefined ? '' : ` (${signed(interval[0])} to ${signed(interval[1])})`}`;
  return [
    row,
    mean === undefined ? 'no value' : `${format(mean)}${spread}`,
    String(values.filter((value) => value !== undefined).length),
    against,
    difference?.verdict ?? '',
  ];
}

/** Accuracies in percent, as papers print them. */
function formatValue({ spec }: TrainingSweep, value: number): string {
  return spec.objective.metric === 'loss' ? value.toFixed(4) : (100 * value).toFixed(2);
}

/** The answer with every value of every seed and all trials, as a program reads it. */
export function sweepJson(sweep: TrainingSweep): string {
  const trials = (sweep.status?.trials ?? []).map((row) => ({ ...row, settings: settingsOf(sweep, row) }));
  const { name } = sweep.metadata;
  const table = { sweep: name, objective: sweep.spec.objective, answers: answersOf(sweep), trials };
  return `${JSON.stringify(table, undefined, 2)}\n`;
}

/** One line for each trial, with a heading, as a spreadsheet reads it. */
export function sweepCsv(sweep: TrainingSweep): string {
  const trials = sweep.status?.trials ?? [];
  const names = [...new Set(trials.flatMap((row) => Object.keys(settingsOf(sweep, row))))];
  const lines = trials.map((row) => {
    const settings = settingsOf(sweep, row);
    return [
      trialName(sweep, row.index),
      row.phase,
      row.reason,
      row.epoch,
      row.value,
      row.gpuHours,
      ...names.map((name) => settings[name]),
    ];
  });
  const heading = ['trial', 'phase', 'reason', 'epoch', sweep.spec.objective.metric, 'gpuHours', ...names];
  return [heading, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

function csvCell(value: ParameterValue | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
