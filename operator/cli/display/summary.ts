import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { drawCurves } from './curves.ts';
import { formatCount, formatEpoch, formatPercent, formatSeconds } from './figures.ts';
import { describeFailure, failedCondition } from './notices.ts';
import { colourPhase, nameOf } from './run-block.ts';
import type { Style } from './style.ts';
import { padEnd } from './text.ts';

/** What a summary shows besides the run itself. */
export interface SummarySettings {
  readonly width: number;
  readonly style: Style;
  /** Curves of the run, oldest epoch first. */
  readonly history: readonly EpochSummary[];
  /** Folder with the logs of the run's pods. */
  readonly logsFolder: string;
}

/** The last word on a run: a table of its figures and paths, and its curves. */
export function drawSummary(run: TrainingRun, settings: SummarySettings): string[] {
  const { style, width, history } = settings;
  const rows = summaryRows(run, settings.logsFolder);
  const labelWidth = Math.max(...rows.map(([label]) => label.length));
  const curves = drawCurves(history, width, style);
  return [
    `${style.bold(nameOf(run))}  ${colourPhase(run.status?.phase ?? 'Pending', style)}`,
    ...rows.map(([label, value]) => `  ${style.dim(padEnd(label, labelWidth))}  ${value}`),
    ...(curves.length === 0 ? [] : ['', ...curves]),
  ];
}

/** What a run achieved, as labels and figures. */
export function summaryRows({ status = {} }: TrainingRun, logsFolder?: string): [string, string][] {
  const { result, progress, checkpoint, restarts, lastFailure } = status;
  const failure = failedCondition(status);
  const rows: [string, string | undefined][] = [
    ['failed', failure],
    ['cause', failure === undefined || lastFailure === undefined ? undefined : describeFailure(lastFailure)],
    ['top-1', optional(result?.top1 ?? progress?.validation?.top1, formatPercent)],
    ['top-5', optional(result?.top5 ?? progress?.validation?.top5, formatPercent)],
    ['validation loss', optional(progress?.validation?.loss, (loss) => loss.toFixed(4))],
    ['training loss', optional(progress?.loss, (loss) => loss.toFixed(4))],
    ['epochs', optional(result?.epochs ?? progress?.epoch, formatEpoch)],
    ['training time', optional(result?.trainSeconds, formatSeconds)],
    ['images/s', optional(progress?.imagesPerSecond, formatCount)],
    ['restarts', optional(restarts?.total, (total) => describeRestarts(total, restarts?.charged ?? 0))],
    ['checkpoint', result?.uri ?? checkpoint?.uri],
    [
      'best checkpoint',
      checkpoint?.bestUri === (result?.uri ?? checkpoint?.uri) ? undefined : checkpoint?.bestUri,
    ],
    ['logs', logsFolder],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function describeRestarts(total: number, charged: number): string {
  return total === 0 ? 'none' : `${total}, ${charged} of them charged`;
}

function optional(value: number | undefined, format: (value: number) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}
