import { dump } from 'js-yaml';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import { formatBytes } from '../../base/quantities.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { CheckpointSummary } from '../checkpoints/checkpoint-documents.ts';
import { formatCount, formatEpoch, formatLearningRate, formatPercent } from '../display/figures.ts';
import { nameOf } from '../display/run-block.ts';
import { summaryRows } from '../display/summary.ts';
import { chartsOf, drawChart, type Chart, type Moment } from './charts.ts';
import { definitions, drawDocument, escapeHtml, figure, section, table } from './document.ts';

/** Everything that a report tells of a run. */
export interface ReportContents {
  readonly run: TrainingRun;
  readonly history: readonly EpochSummary[];
  readonly moments: readonly Moment[];
  readonly checkpoints: readonly CheckpointSummary[];
  /** What it ran on and with, as labels and values. */
  readonly environment: readonly (readonly [string, string])[];
  /** What happened, oldest first. */
  readonly events: readonly { readonly at: string; readonly reason: string; readonly note: string }[];
  readonly madeAt: string;
  /** Release of the program that made it. */
  readonly version: string;
}

/** One HTML page that needs nothing besides itself: no script, no font, no request. */
export function drawPage(contents: ReportContents): string {
  const { run, history, moments, checkpoints, environment, events, madeAt, version } = contents;
  const sections = [
    section('Result', definitions(summaryRows(run))),
    ...chartsOf(history, moments).map((chart) => section(chart.title, chartFigure(chart))),
    history.length === 0 ? '' : section('Epochs', epochTable(history)),
    checkpoints.length === 0 ? '' : section('Checkpoints', checkpointTable(checkpoints)),
    events.length === 0
      ? ''
      : section(
          'Events',
          table(
            ['time', 'reason', 'what'],
            events.map(({ at, reason, note }) => [at, reason, note]),
          ),
        ),
    section(
      'Configuration',
      `<pre tabindex="0" role="region" aria-label="Configuration in YAML">${escapeHtml(dump(run.spec, { lineWidth: 100 }))}</pre>`,
    ),
    section(
      'Environment',
      definitions([
        ...environment,
        ['uid', run.metadata.uid ?? 'unknown'],
        ['report', `made ${madeAt} by ringmaster ${version}`],
      ]),
    ),
  ];
  return drawDocument({ name: nameOf(run), phase: run.status?.phase ?? 'Pending', sections });
}

function chartFigure(chart: Chart): string {
  return figure(chart.title, (palette) => drawChart(chart, palette));
}

function epochTable(history: readonly EpochSummary[]): string {
  const optional = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? '' : format(value);
  const loss = (value: number) => value.toFixed(4);
  return table(
    ['epoch', 'training loss', 'validation loss', 'top-1', 'top-5', 'learning rate', 'images/s'],
    history.map((point) => [
      String(point.epoch),
      loss(point.trainLoss),
      optional(point.validationLoss, loss),
      optional(point.top1, formatPercent),
      optional(point.top5, formatPercent),
      formatLearningRate(point.learningRate),
      optional(point.imagesPerSecond, formatCount),
    ]),
  );
}

function checkpointTable(checkpoints: ReportContents['checkpoints']): string {
  return table(
    ['step', 'epoch', 'top-1', 'attempt', 'size', 'saved', 'where'],
    checkpoints.map(({ step, epoch, top1, attempt, sizeBytes, savedAt, uri }) => [
      String(step),
      epoch === undefined ? '' : formatEpoch(epoch),
      top1 === undefined ? '' : formatPercent(top1),
      attempt === undefined ? '' : String(attempt),
      formatBytes(sizeBytes),
      savedAt ?? '',
      uri,
    ]),
  );
}
