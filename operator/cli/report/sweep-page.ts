import { dump } from 'js-yaml';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { answersOf, type Answer } from '../../search/answers.ts';
import { answerCells, settingsOf, trialCells } from '../sweep-table.ts';
import { definitions, drawDocument, escapeHtml, figure, section, table } from './document.ts';
import {
  drawDifferences,
  drawLearningCurves,
  drawParallelCoordinates,
  type TrialCurve,
} from './sweep-charts.ts';

/** Everything that a report tells of a sweep. */
export interface SweepReportContents {
  readonly sweep: TrainingSweep;
  /** Of the trials whose curves could be read. */
  readonly curves: readonly TrialCurve[];
  /** What one of the trials ran on and with, as labels and values. */
  readonly environment: readonly (readonly [string, string])[];
  readonly madeAt: string;
  /** Release of the program that made it. */
  readonly version: string;
}

/** One HTML page that needs nothing besides itself: the answer first, then what it rests on. */
export function drawSweepPage({ sweep, curves, environment, madeAt, version }: SweepReportContents): string {
  const { metadata, spec, status } = sweep;
  const answers = answersOf(sweep);
  const cells = trialCells(sweep);
  const seen = curves.filter(({ history }) => history.length > 0);
  const isCompared = answers.some(({ difference }) => difference?.interval !== undefined);
  const sections = [
    section('Result', definitions(resultOf(sweep))),
    answers.length === 0 ? '' : section('Answer', answerOf(sweep, answers)),
    isCompared
      ? section(
          'Difference to the first row',
          figure('differences', (palette) => drawDifferences(answers, spec.objective, palette)),
        )
      : '',
    spec.parameters !== undefined && (status?.trials ?? []).some(({ value }) => value !== undefined)
      ? section('Parameters and what came of them', parallelOf(sweep, spec.parameters))
      : '',
    seen.length === 0
      ? ''
      : section(
          'Learning curves',
          figure('learning curves', (palette) => drawLearningCurves(sweep, seen, palette)),
        ),
    cells.length === 0
      ? ''
      : section('Trials', table(['trial', 'phase', 'epoch', spec.objective.metric, 'settings'], cells)),
    section(
      'Configuration',
      `<pre tabindex="0" aria-label="Configuration in YAML">${escapeHtml(dump(spec, { lineWidth: 100 }))}</pre>`,
    ),
    section(
      'Environment',
      definitions([
        ...environment,
        ['uid', metadata.uid ?? 'unknown'],
        ['report', `made ${madeAt} by ringmaster ${version}`],
      ]),
    ),
  ];
  return drawDocument({
    name: `${metadata.namespace ?? 'default'}/${metadata.name}`,
    phase: status?.phase ?? 'Pending',
    sections,
  });
}

function resultOf(sweep: TrainingSweep): [string, string][] {
  const { spec, status } = sweep;
  const { counts, best, gpuHours } = status ?? {};
  const row = best === undefined ? undefined : status?.trials?.[best.index];
  const settings = row === undefined ? {} : settingsOf(sweep, row);
  const describe = ([name, value]: [string, unknown]) => `${name} ${String(value)}`;
  const percent = (value: number) =>
    spec.objective.metric === 'loss' ? value.toFixed(4) : `${(100 * value).toFixed(2)} %`;
  const message = status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  )?.message;
  return [
    ['sweep', message ?? status?.phase ?? 'Pending'],
    ...(counts === undefined ? [] : [['trials', trialsOf(counts)] satisfies [string, string]]),
    ...(best === undefined
      ? []
      : [
          ['best single trial', `${best.trial}: ${percent(best.value)}`] satisfies [string, string],
          ['its settings', Object.entries(settings).map(describe).join(', ')] satisfies [string, string],
        ]),
    ...(gpuHours === undefined ? [] : [['GPU-hours', gpuHours.toFixed(2)] satisfies [string, string]]),
  ];
}

function trialsOf(counts: NonNullable<NonNullable<TrainingSweep['status']>['counts']>): string {
  const parts = (['succeeded', 'paused', 'stopped', 'failed'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`);
  return `${counts.total} in all${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** The table of an ablation, and what it says in words. */
function answerOf(sweep: TrainingSweep, answers: readonly Answer[]): string {
  const heading = ['row', sweep.spec.objective.metric, 'seeds', 'against the first row (95 %)', 'verdict'];
  const [first, ...others] = answers;
  const sentences = others.map(
    ({ row, difference }) => `<li>${escapeHtml(sentenceOf(row, first?.row ?? '', difference))}</li>`,
  );
  const note =
    'Mean and standard deviation over the seeds. Differences are taken seed by seed, with the 95 % confidence interval of their mean by Student’s t. With several rows some intervals miss zero by chance: one in twenty.';
  return `${table(heading, answerCells(sweep))}\n<ul>${sentences.join('')}</ul>\n<p>${note}</p>`;
}

function sentenceOf(row: string, first: string, difference: Answer['difference']): string {
  switch (difference?.verdict) {
    case 'better':
    case 'worse':
      return `${row} is ${difference.verdict} than ${first}.`;
    case 'cannot be told apart':
      return `${row} and ${first} cannot be told apart by these ${difference.pairs} seeds.`;
    default:
      return `${row} has too few seeds to be compared with ${first}.`;
  }
}

function parallelOf(
  sweep: TrainingSweep,
  parameters: NonNullable<TrainingSweep['spec']['parameters']>,
): string {
  const note =
    'A line a trial, from its settings to its last evaluation. Lines stand out the more the better the trial was; the thick one trained to its end and was best.';
  return `${figure('parameters', (palette) => drawParallelCoordinates(sweep, parameters, palette))}\n<p>${note}</p>`;
}
