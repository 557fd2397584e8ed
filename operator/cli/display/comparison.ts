import { resolveSpec } from '../../api/v1alpha1/resolved-spec.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import { formatCount, formatEpoch, formatPercent, formatSeconds } from './figures.ts';
import { nameOf } from './run-block.ts';
import type { Style } from './style.ts';
import { padEnd, truncate, visibleWidth } from './text.ts';

/** One field of runs side by side; absent where a run has none. */
export interface ComparedField {
  readonly field: string;
  readonly values: readonly unknown[];
}

/** What runs achieved and in which fields of their specs they differ, presets resolved. */
export interface Comparison {
  readonly runs: readonly string[];
  readonly figures: readonly ComparedField[];
  readonly differences: readonly ComparedField[];
}

/** A figure of a run, and which way is better. */
interface Figure {
  readonly name: string;
  readonly of: (run: TrainingRun) => number | string | undefined;
  readonly better?: 'higher' | 'lower';
  readonly format?: (value: number) => string;
}

const figures: readonly Figure[] = [
  { name: 'phase', of: ({ status }) => status?.phase ?? 'Pending' },
  {
    name: 'top-1',
    of: ({ status }) => status?.result?.top1 ?? status?.progress?.validation?.top1,
    better: 'higher',
    format: formatPercent,
  },
  {
    name: 'top-5',
    of: ({ status }) => status?.result?.top5 ?? status?.progress?.validation?.top5,
    better: 'higher',
    format: formatPercent,
  },
  {
    name: 'validation loss',
    of: ({ status }) => status?.progress?.validation?.loss,
    better: 'lower',
    format: (loss) => loss.toFixed(4),
  },
  { name: 'training loss', of: ({ status }) => status?.progress?.loss, format: (loss) => loss.toFixed(4) },
  {
    name: 'epochs',
    of: ({ status }) => status?.result?.epochs ?? status?.progress?.epoch,
    format: formatEpoch,
  },
  {
    name: 'images/s',
    of: ({ status }) => status?.progress?.imagesPerSecond,
    better: 'higher',
    format: formatCount,
  },
  {
    name: 'training time',
    of: ({ status }) => status?.result?.trainSeconds,
    better: 'lower',
    format: formatSeconds,
  },
  { name: 'restarts', of: ({ status }) => status?.restarts?.total ?? 0, better: 'lower' },
];

/** Lays runs side by side. */
export function compareRuns(runs: readonly TrainingRun[]): Comparison {
  const leaves = runs.map((run) => leavesOf({ ...resolveSpec(run.spec), suspend: undefined }, 'spec'));
  const paths = [...new Set(leaves.flatMap((leaf) => [...leaf.keys()]))].sort();
  return {
    runs: runs.map(nameOf),
    figures: figures.map(({ name, of }) => ({ field: name, values: runs.map(of) })),
    differences: paths
      .map((path) => ({ field: path, values: leaves.map((leaf) => leaf.get(path)) }))
      .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1),
  };
}

/** The comparison as a table; the best of each figure stands out. Long values are cut to fit the width. */
export function drawComparison(comparison: Comparison, width: number, style: Style): string[] {
  const { runs, differences } = comparison;
  const figureRows = comparison.figures
    .filter(({ values }) => values.some((value) => value !== undefined))
    .map(({ field, values }) => {
      const figure = figures.find(({ name }) => name === field);
      const best = bestOf(values, figure?.better);
      return [
        field,
        ...values.map((value) => {
          const text = showFigure(value, figure);
          return value !== undefined && value === best ? style.good(text) : text;
        }),
      ];
    });
  const specRows = differences.map(({ field, values }) => [field, ...values.map(showValue)]);
  const rows = [['', ...runs], ...figureRows, ...specRows];
  const labelWidth = Math.max(...rows.map(([label = '']) => visibleWidth(label)));
  const longest = Math.max(...rows.flatMap((row) => row.slice(1).map(visibleWidth)));
  const cellWidth = Math.max(
    8,
    Math.min(longest, Math.floor((width - labelWidth) / runs.length) - gap.length),
  );
  const draw = ([label = '', ...cells]: readonly string[]) =>
    [padEnd(label, labelWidth), ...cells.map((cell) => padEnd(truncate(cell, cellWidth), cellWidth))]
      .join(gap)
      .trimEnd();
  const [heading = [], ...rest] = rows;
  return [
    style.bold(draw(heading)),
    ...rest.slice(0, figureRows.length).map(draw),
    '',
    ...(specRows.length === 0
      ? [style.dim('the specs are the same')]
      : rest.slice(figureRows.length).map(draw)),
  ];
}

const gap = '   ';

/** The best value, when they differ and one way is better. */
function bestOf(values: readonly unknown[], better: Figure['better']): number | undefined {
  const numbers = values.filter((value) => typeof value === 'number');
  if (better === undefined || new Set(numbers).size < 2) return undefined;
  return better === 'higher' ? Math.max(...numbers) : Math.min(...numbers);
}

function showFigure(value: unknown, figure: Figure | undefined): string {
  if (value === undefined) return '-';
  if (typeof value === 'number') return figure?.format?.(value) ?? String(value);
  return showValue(value);
}

function showValue(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The fields of a value that have no fields of their own, by path. Lists are compared as a whole. */
function leavesOf(value: unknown, path: string): Map<string, unknown> {
  if (!isObject(value)) return new Map(value === undefined ? [] : [[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, child]) => [...leavesOf(child, `${path}.${key}`)]));
}
