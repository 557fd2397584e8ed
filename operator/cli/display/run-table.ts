import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/durations.ts';
import { formatCount, formatEpoch, formatPercent, formatSeconds } from './figures.ts';
import { drawTable } from './table.ts';

/** A column of the table of runs. */
interface Column {
  readonly heading: string;
  readonly cell: (run: TrainingRun, nowMs: number) => string;
}

/** As with kubectl, where runs of several namespaces may be among them. */
const namespaceColumn: Column = {
  heading: 'NAMESPACE',
  cell: ({ metadata }) => metadata.namespace ?? 'default',
};

/** The columns of `kubectl get trainingruns`, with figures for people. */
const columns: readonly Column[] = [
  { heading: 'NAME', cell: ({ metadata }) => metadata.name },
  { heading: 'PHASE', cell: ({ status }) => status?.phase ?? 'Pending' },
  { heading: 'EPOCH', cell: ({ status }) => epochOf(status?.progress) },
  {
    heading: 'TOP1',
    cell: ({ status }) => optional(status?.result?.top1 ?? status?.progress?.validation?.top1, formatPercent),
  },
  { heading: 'IMG/S', cell: ({ status }) => optional(status?.progress?.imagesPerSecond, formatCount) },
  {
    heading: 'ETA',
    cell: ({ status }) =>
      status?.phase === 'Running' ? optional(status.progress?.etaSeconds, formatSeconds) : '',
  },
  { heading: 'RESTARTS', cell: ({ status }) => String(status?.restarts?.total ?? 0) },
  {
    heading: 'AGE',
    cell: ({ metadata }, nowMs) =>
      optional(fromTimestamp(metadata.creationTimestamp), (createdMs) => formatDurationMs(nowMs - createdMs)),
  },
];

/** Those that `-o wide` adds. */
const wideColumns: readonly Column[] = [
  { heading: 'STEP', cell: ({ status }) => optional(status?.progress?.step, String) },
  { heading: 'LOSS', cell: ({ status }) => optional(status?.progress?.loss, (loss) => loss.toFixed(4)) },
  { heading: 'ATTEMPT', cell: ({ status }) => optional(status?.attempt, String) },
  {
    heading: 'PODS',
    cell: ({ status }) => optional(status?.trainers, ({ ready, desired }) => `${ready}/${desired}`),
  },
  { heading: 'CHECKPOINT', cell: ({ status }) => status?.checkpoint?.uri ?? '' },
];

interface TableSettings {
  readonly wide: boolean;
  readonly withNamespace: boolean;
  readonly nowMs: number;
}

/** Runs as a table with a heading, one a line. */
export function drawRunTable(
  runs: readonly TrainingRun[],
  { wide, withNamespace, nowMs }: TableSettings,
): string[] {
  const shown = [...(withNamespace ? [namespaceColumn] : []), ...columns, ...(wide ? wideColumns : [])];
  return drawTable([
    shown.map(({ heading }) => heading),
    ...runs.map((run) => shown.map(({ cell }) => cell(run, nowMs))),
  ]);
}

function epochOf(progress: { epoch: number; epochs: number } | undefined): string {
  return optional(progress, ({ epoch, epochs }) => `${formatEpoch(epoch)}/${epochs}`);
}

function optional<T>(value: T | undefined, format: (value: T) => string): string {
  return value === undefined ? '' : format(value);
}
