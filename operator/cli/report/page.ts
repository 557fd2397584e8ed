import { dump } from 'js-yaml';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { CheckpointSummary } from '../checkpoints/checkpoint-documents.ts';
import { formatLearningRate, formatPercent } from '../display/figures.ts';
import { nameOf } from '../display/run-block.ts';
import { summaryRows } from '../display/summary.ts';
import { chartsOf, drawChart, type Chart, type Moment } from './charts.ts';

/** Everything that a report tells of a run. */
export interface ReportContents {
  readonly run: TrainingRun;
  readonly history: readonly EpochSummary[];
  readonly moments: readonly Moment[];
  readonly checkpoints: readonly CheckpointSummary[];
  /** What happened, oldest first. */
  readonly events: readonly { readonly at: string; readonly reason: string; readonly note: string }[];
  readonly madeAt: string;
  /** Release of the program that made it. */
  readonly version: string;
}

/** One HTML page that needs nothing besides itself: no script, no font, no request. */
export function drawPage(contents: ReportContents): string {
  const { run, history, moments, checkpoints, events, madeAt, version } = contents;
  const name = escapeHtml(nameOf(run));
  const sections = [
    section('Result', definitions(summaryRows(run))),
    ...chartsOf(history, moments).map((chart) => section(chart.title, figure(chart))),
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
      `<pre tabindex="0" aria-label="Configuration in YAML">${escapeHtml(dump(run.spec, { lineWidth: 100 }))}</pre>`,
    ),
    section(
      'Environment',
      definitions([
        ['uid', run.metadata.uid ?? 'unknown'],
        ['image', run.spec.trainers.image ?? 'the default of the operator'],
        ['ranks', String(run.spec.trainers.pods * run.spec.trainers.gpusPerPod)],
        ['report', `made ${madeAt} by ringmaster ${version}`],
      ]),
    ),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name}: ${run.status?.phase ?? 'Pending'}</title>
<style>${styles}</style>
</head>
<body>
<main>
<h1>${name} <small>${run.status?.phase ?? 'Pending'}</small></h1>
${sections.filter((text) => text !== '').join('\n')}
</main>
</body>
</html>
`;
}

const styles = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 small { color: var(--quiet); font-weight: normal; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.5rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
pre { overflow: auto; padding: 1rem; border: 1px solid var(--line); }
figure { margin: 0; } figure svg { max-width: 100%; height: auto; } .dark { display: none; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --text: #e6e9ee; --quiet: #9aa4b0; --line: #444c56; }
  .light { display: none; } .dark { display: block; }
}
@media print { section { break-inside: avoid; } pre { white-space: pre-wrap; } }
`;

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}

/** The same chart for a light and a dark ground; style shows one of them. Paper is light. */
function figure(chart: Chart): string {
  return `<figure><div class="light">${drawChart(chart, 'light')}</div><div class="dark">${drawChart(chart, 'dark')}</div></figure>`;
}

function definitions(rows: readonly (readonly [string, string])[]): string {
  const items = rows.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heading.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function epochTable(history: readonly EpochSummary[]): string {
  const optional = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? '' : format(value);
  const loss = (value: number) => value.toFixed(4);
  return table(
    ['epoch', 'training loss', 'validation loss', 'top-1', 'top-5', 'learning rate'],
    history.map((point) => [
      String(point.epoch),
      loss(point.trainLoss),
      optional(point.validationLoss, loss),
      optional(point.top1, formatPercent),
      optional(point.top5, formatPercent),
      formatLearningRate(point.learningRate),
    ]),
  );
}

function checkpointTable(checkpoints: ReportContents['checkpoints']): string {
  return table(
    ['step', 'epoch', 'top-1', 'saved', 'where'],
    checkpoints.map(({ step, epoch, top1, savedAt, uri }) => [
      String(step),
      epoch === undefined ? '' : String(epoch),
      top1 === undefined ? '' : formatPercent(top1),
      savedAt ?? '',
      uri,
    ]),
  );
}

/** Text that stays text, whatever a manifest or a message of a trainer says. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
