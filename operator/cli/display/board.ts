import { phases, type Phase } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { drawBar } from './bar.ts';
import { formatCount, formatEpoch, formatPercent } from './figures.ts';
import { colourPhase, nameOf, remaining, type BlockSettings } from './run-block.ts';
import { padEnd, truncate, visibleWidth } from './text.ts';

/** What a board is drawn for. */
export interface BoardSettings extends BlockSettings {
  /** Most lines. */
  readonly rows: number;
  /** Where the runs are, for the heading. */
  readonly place: string;
  /** Whether runs of several namespaces may be among them. */
  readonly withNamespace: boolean;
}

/** A column; `rank` says which is left out first when the board is narrow, the largest before the others. */
interface Column {
  readonly rank: number;
  readonly heading: string;
  readonly alignment: 'left' | 'right';
  readonly cells: readonly string[];
}

/** What is going on stands first; what is over, last. */
const phaseOrder: readonly Phase[] = [
  'Running',
  'Restarting',
  'Starting',
  'Suspending',
  'Queued',
  'Pending',
  'Suspended',
  'Failed',
  'Succeeded',
];

const longestBar = 30;
const shortestBar = 8;
const gap = '  ';

/** All runs at a glance: how many are in which phase, and a line with a bar for each. */
export function drawBoard(runs: readonly TrainingRun[], settings: BoardSettings): string[] {
  const { width, rows, place, style } = settings;
  const sorted = [...runs].sort(
    (left, right) => orderOf(left) - orderOf(right) || nameOf(left).localeCompare(nameOf(right), 'en'),
  );
  const heading = `${describeCount(runs.length)} in ${place}${describePhases(runs)}`;
  if (runs.length === 0) return [truncate(heading, width)];
  // The heading, the names of the columns and a line for what is left out.
  const visible = sorted.slice(0, sorted.length <= rows - 2 ? sorted.length : Math.max(1, rows - 3));
  const left = sorted.length - visible.length;
  return [
    style.bold(heading),
    ...drawColumns(visible, settings),
    ...(left === 0 ? [] : [style.dim(`and ${left} more, which need a taller terminal`)]),
  ].map((line) => truncate(line, width));
}

function drawColumns(runs: readonly TrainingRun[], settings: BoardSettings): string[] {
  const { width, style } = settings;
  const columns = textColumns(runs, settings).filter(
    // A column in which nothing stands yet would only take room.
    ({ cells, rank }) => rank === 0 || cells.some((cell) => cell !== ''),
  );
  const widthOf = ({ heading, cells }: Column) => Math.max(heading.length, ...cells.map(visibleWidth));
  const taken = () => columns.reduce((sum, column) => sum + widthOf(column) + gap.length, 0);
  while (columns.some(({ rank }) => rank > 0) && width - taken() < shortestBar) {
    const leastImportant = Math.max(...columns.map(({ rank }) => rank));
    columns.splice(
      columns.findIndex(({ rank }) => rank === leastImportant),
      1,
    );
  }
  const barWidth = Math.min(longestBar, Math.max(shortestBar, width - taken()));
  const bars: Column = {
    rank: 0,
    heading: 'PROGRESS',
    alignment: 'left',
    cells: runs.map((run) => style.busy(drawBar(shareOf(run), barWidth))),
  };
  // Name and phase, the bar, then the figures.
  const shown = [...columns.slice(0, 2), bars, ...columns.slice(2)];
  const line = (cell: (column: Column) => string) =>
    shown
      .map((column) => {
        const text = cell(column);
        const padding = ' '.repeat(Math.max(0, widthOf(column) - visibleWidth(text)));
        return column.alignment === 'right' ? padding + text : padEnd(text, widthOf(column));
      })
      .join(gap)
      .trimEnd();
  return [
    style.dim(line(({ heading }) => heading)),
    ...runs.map((_, row) => line(({ cells }) => cells[row] ?? '')),
  ];
}

function textColumns(runs: readonly TrainingRun[], { style, nowMs, withNamespace }: BoardSettings): Column[] {
  const cells = (cell: (run: TrainingRun) => string | undefined) => runs.map((run) => cell(run) ?? '');
  const progressCells = (cell: (progress: Progress) => string | undefined) =>
    cells(({ status }) => (status?.progress === undefined ? undefined : cell(status.progress)));
  return [
    {
      rank: 0,
      heading: 'NAME',
      alignment: 'left',
      cells: cells((run) => (withNamespace ? nameOf(run) : run.metadata.name)),
    },
    { rank: 0, heading: 'PHASE', alignment: 'left', cells: cells((run) => colourPhase(phaseOf(run), style)) },
    { rank: 1, heading: '', alignment: 'right', cells: progressCells(({ percent }) => `${percent} %`) },
    {
      rank: 3,
      heading: 'EPOCH',
      alignment: 'right',
      cells: progressCells(({ epoch, epochs }) => `${formatEpoch(epoch)}/${epochs}`),
    },
    {
      rank: 2,
      heading: 'TOP-1',
      alignment: 'right',
      cells: cells(({ status }) =>
        optional(status?.result?.top1 ?? status?.progress?.validation?.top1, formatPercent),
      ),
    },
    {
      rank: 6,
      heading: 'LOSS',
      alignment: 'right',
      cells: progressCells(({ loss }) => optional(loss, (value) => value.toFixed(4))),
    },
    {
      rank: 5,
      heading: 'IMG/S',
      alignment: 'right',
      cells: cells((run) =>
        phaseOf(run) === 'Running' ? optional(run.status?.progress?.imagesPerSecond, formatCount) : undefined,
      ),
    },
    {
      rank: 4,
      heading: 'ETA',
      alignment: 'right',
      cells: cells((run) => {
        const progress = run.status?.progress;
        const isKnown = phaseOf(run) === 'Running' && progress?.etaSeconds !== undefined;
        return isKnown ? remaining(progress, nowMs) : undefined;
      }),
    },
    {
      rank: 7,
      heading: 'RESTARTS',
      alignment: 'right',
      cells: cells(({ status: { restarts } = {} }) =>
        restarts === undefined || restarts.total === 0 ? undefined : String(restarts.total),
      ),
    },
  ];
}

type Progress = NonNullable<NonNullable<TrainingRun['status']>['progress']>;

function describeCount(count: number): string {
  return count === 1 ? '1 run' : `${count === 0 ? 'no' : count} runs`;
}

/** `: 2 Running, 1 Failed` */
function describePhases(runs: readonly TrainingRun[]): string {
  const counts = phaseOrder
    .map((phase) => ({ phase, count: runs.filter((run) => phaseOf(run) === phase).length }))
    .filter(({ count }) => count > 0)
    .map(({ phase, count }) => `${count} ${phase}`);
  return counts.length === 0 ? '' : `: ${counts.join(', ')}`;
}

function phaseOf({ status }: TrainingRun): Phase {
  return status?.phase ?? phases[0];
}

function orderOf(run: TrainingRun): number {
  return phaseOrder.indexOf(phaseOf(run));
}

function shareOf({ status }: TrainingRun): number {
  const { step = 0, steps = 0 } = status?.progress ?? {};
  return steps === 0 ? 0 : step / steps;
}

function optional<T>(value: T | undefined, format: (value: T) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}
