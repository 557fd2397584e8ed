import { plot } from 'asciichart';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import { formatEpoch } from './figures.ts';
import type { Style } from './style.ts';
import { padEnd, truncate, visibleWidth } from './text.ts';

const chartHeight = 8;
const axisWidth = 10;
const titleIndent = '   ';
const gap = '    ';
const blue = '\u001b[34m';
const yellow = '\u001b[33m';
const reset = '\u001b[0m';

/** A title and a curve for each figure over the epochs. */
interface Chart {
  readonly title: string;
  readonly series: readonly { readonly values: readonly number[]; readonly colour: string }[];
  readonly decimals: number;
}

/**
 * Loss and accuracy over the epochs, side by side where the terminal is wide enough. Empty for fewer than two epochs.
 * @param apart gives the validation loss a chart of its own, which otherwise shows in colours only
 */
export function drawCurves(
  history: readonly EpochSummary[],
  width: number,
  style: Style,
  { apart = false } = {},
): string[] {
  const first = history[0];
  const last = history.at(-1);
  if (first === undefined || last === undefined || history.length < 2) return [];
  const sideBySide = width >= 100;
  const plotWidth = Math.min(60, (sideBySide ? Math.floor((width - gap.length) / 2) : width) - axisWidth - 1);
  if (plotWidth < 10) return [];
  const epochs = `${formatEpoch(first.epoch)} to ${formatEpoch(last.epoch)}`;
  const drawn = charts(history, style, apart).map((chart) => [
    truncate(`${titleIndent}${chart.title}, epochs ${epochs}`, axisWidth + 1 + plotWidth),
    ...drawChart(chart, plotWidth, style),
  ]);
  const rows: string[][] = [];
  for (let index = 0; index < drawn.length; index += sideBySide ? 2 : 1) {
    const [left = [], right] = drawn.slice(index);
    rows.push(sideBySide && right !== undefined ? beside(left, right) : left);
  }
  return rows.flatMap((row, index) => (index === 0 ? row : ['', ...row]));
}

function charts(history: readonly EpochSummary[], style: Style, apart: boolean): Chart[] {
  const training = history.map(({ trainLoss }) => trainLoss);
  const validation = history.map(({ validationLoss }) => validationLoss).filter((loss) => loss !== undefined);
  const top1 = history.map((point) => point.top1).filter((ratio) => ratio !== undefined);
  // Without colours two curves in one chart could not be told apart.
  const withValidation = style.enabled && validation.length === history.length;
  const lossChart: Chart = {
    title: withValidation ? `${blue}training${reset}, ${yellow}validation${reset} loss` : 'training loss',
    series: [
      ...(withValidation ? [{ values: validation, colour: yellow }] : []),
      { values: training, colour: blue },
    ],
    decimals: 3,
  };
  const accuracyChart: Chart = {
    title: 'validation top-1 in %',
    series: [{ values: top1.map((ratio) => ratio * 100), colour: blue }],
    decimals: 2,
  };
  const validationChart: Chart = {
    title: 'validation loss',
    series: [{ values: validation, colour: yellow }],
    decimals: 3,
  };
  return [
    lossChart,
    ...(apart && !withValidation && validation.length >= 2 ? [validationChart] : []),
    ...(top1.length < 2 ? [] : [accuracyChart]),
  ];
}

function drawChart({ series, decimals }: Chart, plotWidth: number, style: Style): string[] {
  const values = series.flatMap((line) => line.values);
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  // A flat line would have no height to be drawn in.
  const scale = Math.max(Math.abs(highest), Math.abs(lowest), 1);
  const margin = highest - lowest < scale * 1e-6 ? scale * 0.01 : 0;
  const text = plot(
    series.map((line) => stretch(line.values, plotWidth)),
    {
      height: chartHeight,
      min: lowest - margin,
      max: highest + margin,
      colors: style.enabled ? series.map(({ colour }) => colour) : [],
      format: (value) => axisLabel(value, decimals),
    },
  );
  return text.split('\n').map((line) => line.trimEnd());
}

function axisLabel(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return (text.length > axisWidth - 2 ? value.toExponential(1) : text).padStart(axisWidth - 2);
}

/** The values at `count` points, straight lines between them. */
function stretch(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const position = (index * (values.length - 1)) / (count - 1);
    const left = Math.floor(position);
    const from = values[left] ?? 0;
    const to = values[left + 1] ?? from;
    return from + (to - from) * (position - left);
  });
}

function beside(left: readonly string[], right: readonly string[]): string[] {
  const leftWidth = Math.max(...left.map(visibleWidth));
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    `${padEnd(left[index] ?? '', leftWidth)}${gap}${right[index] ?? ''}`.trimEnd(),
  );
}
