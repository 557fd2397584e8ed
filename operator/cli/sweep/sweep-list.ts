import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/durations.ts';
import { drawTable } from '../display/table.ts';

/** A column of the table of sweeps. */
interface Column {
  readonly heading: string;
  readonly cell: (sweep: TrainingSweep, nowMs: number) => string | undefined;
}

/** The columns of `kubectl get trainingsweeps`. */
const columns: readonly Column[] = [
  { heading: 'NAMESPACE', cell: ({ metadata }) => metadata.namespace ?? 'default' },
  { heading: 'NAME', cell: ({ metadata }) => metadata.name },
  { heading: 'PHASE', cell: ({ status }) => status?.phase ?? 'Pending' },
  { heading: 'ACTIVE', cell: ({ status }) => String(status?.active ?? 0) },
  {
    heading: 'DONE',
    cell: ({ status }) =>
      status?.counts === undefined ? undefined : `${status.counts.done}/${status.counts.total}`,
  },
  { heading: 'BEST', cell: ({ status }) => status?.best?.value.toString() },
  { heading: 'LIMITEDBY', cell: ({ status }) => status?.limitedBy },
  {
    heading: 'AGE',
    cell: ({ metadata }, nowMs) => {
      const createdMs = fromTimestamp(metadata.creationTimestamp);
      return createdMs === undefined ? undefined : formatDurationMs(nowMs - createdMs);
    },
  },
];

/** Those that `-o wide` adds. */
const wideColumns: readonly Column[] = [
  { heading: 'TARGET', cell: ({ status }) => status?.target?.toString() },
  { heading: 'FAILED', cell: ({ status }) => status?.counts?.failed.toString() },
  { heading: 'GPU-HOURS', cell: ({ status }) => status?.gpuHours?.toFixed(2) },
  { heading: 'BESTTRIAL', cell: ({ status }) => status?.best?.trial },
];

/** Sweeps as a table with a heading, one a line. */
export function drawSweepList(
  sweeps: readonly TrainingSweep[],
  { wide, nowMs }: { readonly wide: boolean; readonly nowMs: number },
): string[] {
  const shown = wide ? [...columns, ...wideColumns] : columns;
  return drawTable([
    shown.map(({ heading }) => heading),
    ...sweeps.map((sweep) => shown.map(({ cell }) => cell(sweep, nowMs) ?? '')),
  ]);
}
