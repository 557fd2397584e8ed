import { LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
} from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { EpochSummary } from '../../api/trainer/progress.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import type { Objective, Parameter } from '../../api/v1alpha1/training-sweep-spec.ts';
import { ablationCell } from '../../search/ablation.ts';
import type { Answer } from '../../search/answers.ts';
import { lossOf } from '../../search/objective.ts';
import { accessible, chartSize, palettes, type Palette } from './charts.ts';

/** What a trial's evaluations were, epoch by epoch. */
export interface TrialCurve {
  readonly index: number;
  readonly history: readonly EpochSummary[];
}

/** Hues of the rows of an ablation, after Okabe and Ito; with the line's pattern they tell 24 rows apart. */
const rowColours = {
  light: ['#1b1f24', '#0072b2', '#b34700', '#00785a', '#8b3a8b', '#7a6200', '#b0004b', '#4b5f8a'],
  dark: ['#e6e9ee', '#56b4e9', '#e69f00', '#2fbf8f', '#dd8fbb', '#f0e442', '#ff8a80', '#a5b8e0'],
} as const;
/** From the worst fifth of the trials to the best. */
const rankColours = {
  light: ['#c3ccd6', '#93b4d4', '#5691c4', '#1c6fb0', '#0b3d6b'],
  dark: ['#3d4652', '#41658a', '#4a8fc7', '#71bdf2', '#d3edff'],
} as const;
const patterns = ['solid', 'dashed', 'dotted'] as const;

/** A curve a trial: the rows of an ablation by colour, the best of a search in front of the others. */
export function drawLearningCurves(
  sweep: TrainingSweep,
  curves: readonly TrialCurve[],
  palette: Palette,
): string {
  const { ablation, objective } = sweep.spec;
  const rows = ablation?.rows.map(({ name }) => name) ?? ['other trials', 'the best trial'];
  const best = sweep.status?.best?.index;
  const drawn = curves.map(({ index, history }) => {
    const cell = ablation === undefined ? undefined : ablationCell(ablation, index);
    const row = cell === undefined ? Number(index === best) : rows.indexOf(cell.row.name);
    return { row, points: history.flatMap((point) => pointOf(point, objective)) };
  });
  const shown = rows.filter((_, row) => drawn.some((trial) => trial.row === row));
  const colourOf = (row: number) =>
    ablation === undefined
      ? [palettes[palette].line, palettes[palette].series[0]][row]
      : rowColours[palette][row % rowColours[palette].length];
  const longest = Math.max(0, ...drawn.map(({ points }) => points.length));
  return draw('Learning curves', {
    legend: legend(palette, shown),
    grid: { left: 64, right: 24, top: 4 + 42 * legendLines(shown), bottom: 48, outerBoundsMode: 'none' },
    xAxis: {
      ...axis(palette),
      type: 'value',
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 26,
      minInterval: 1,
      scale: longest > 2,
      max: 'dataMax',
    },
    yAxis: { ...axis(palette), type: 'value', scale: true, axisLabel: label(palette, objective) },
    series: drawn
      .sort((left, right) => (ablation === undefined ? left.row - right.row : 0))
      .map(({ row, points }) => ({
        name: rows[row] ?? '',
        type: 'line',
        data: points,
        symbol: 'circle',
        symbolSize: longest > 40 ? 0 : 5,
        color: colourOf(row),
        lineStyle: {
          width: ablation === undefined && row === 1 ? 3 : 1.5,
          type:
            ablation === undefined ? 'solid' : (patterns[Math.floor(row / 8) % patterns.length] ?? 'solid'),
        },
      })),
  });
}

/** How each row differs from the first, with the interval of the mean and the difference of each seed. */
export function drawDifferences(answers: readonly Answer[], objective: Objective, palette: Palette): string {
  const others = answers.filter(({ difference }) => difference?.interval !== undefined);
  const first = answers[0]?.values ?? [];
  const { text, series: colours } = palettes[palette];
  const scale = objective.metric === 'loss' ? 1 : 100;
  const height = 112 + 36 * others.length;
  return draw(
    'Difference to the first row',
    {
      legend: legend(palette, ['mean, 95 % interval', 'each seed']),
      grid: { left: labelWidth(others), right: 32, top: 40, bottom: 52, outerBoundsMode: 'none' },
      xAxis: {
        ...axis(palette),
        type: 'value',
        name: objective.metric === 'loss' ? 'loss' : `points of ${objective.metric}`,
        nameLocation: 'middle',
        nameGap: 26,
      },
      yAxis: {
        ...axis(palette),
        type: 'category',
        inverse: true,
        data: others.map(({ row }) => row),
        axisLabel: { ...textStyle(palette), width: maxLabelWidth, overflow: 'truncate' },
      },
      series: [
        ...others.map(({ row, difference }, index) => ({
          name: 'interval',
          type: 'line',
          data: (difference?.interval ?? []).map((end) => [scale * end, row]),
          symbol: 'rect',
          symbolSize: [2, 12],
          color: colours[0],
          lineStyle: { width: 2 },
          ...(index === 0
            ? {
                markLine: {
                  silent: true,
                  symbol: 'none',
                  label: { show: false },
                  data: [{ xAxis: 0 }],
                  lineStyle: { color: text, type: 'solid', width: 1 },
                },
              }
            : {}),
        })),
        {
          name: 'each seed',
          type: 'scatter',
          symbol: 'circle',
          symbolSize: 7,
          color: colours[1],
          data: others.flatMap(({ row, values }) =>
            values.flatMap((value, seed) => {
              const base = first[seed];
              return value === undefined || base === undefined ? [] : [[scale * (value - base), row]];
            }),
          ),
        },
        {
          name: 'mean, 95 % interval',
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 12,
          color: colours[0],
          data: others.map(({ row, difference }) => [scale * (difference?.mean ?? 0), row]),
        },
      ],
    },
    height,
  );
}

/** A line a trial through the values of its parameters to its objective: the darker the better, on paper. */
export function drawParallelCoordinates(
  { spec, status }: TrainingSweep,
  parameters: readonly Parameter[],
  palette: Palette,
): string {
  const { objective } = spec;
  const trials = (status?.trials ?? []).flatMap(({ index, point, value }) =>
    point === undefined || value === undefined ? [] : [{ index, point, value }],
  );
  const worstFirst = [...trials].sort((a, b) => lossOf(objective, b.value) - lossOf(objective, a.value));
  const colours = rankColours[palette];
  const last = parameters.length;
  const short = ({ path }: Parameter) => path.split('.').slice(-2).join('.\n');
  return draw('Parameters and what came of them', {
    parallel: { left: 56, right: 64, top: 56, bottom: 28 },
    parallelAxis: [
      ...parameters.map((parameter, dim) => ({
        ...parallelAxis(palette, short(parameter)),
        dim,
        ...rangeOf(parameter),
      })),
      {
        ...parallelAxis(palette, objective.metric),
        dim: last,
        type: 'value',
        scale: true,
        axisLabel: { ...overLines(palette), ...label(palette, objective) },
      },
    ],
    series: [
      {
        type: 'parallel',
        data: worstFirst.map(({ index, point, value }, rank) => ({
          value: [
            ...parameters.map((parameter, dim) => placeOf(parameter, point[dim] ?? 0)),
            objective.metric === 'loss' ? value : 100 * value,
          ],
          lineStyle: {
            opacity: 1,
            width: index === status?.best?.index ? 4 : 1.5,
            color: colours[Math.floor((rank * colours.length) / worstFirst.length)],
          },
        })),
      },
    ],
  });
}

function rangeOf(parameter: Parameter): object {
  const { double, int, values } = parameter;
  if (values !== undefined) return { type: 'category', data: values.map(String) };
  if (double?.scale === 'log') return { type: 'log', min: double.min, max: double.max };
  const { min, max } = double ?? int ?? {};
  return { type: 'value', min, max };
}

/** Items of a list are given by name, which the axis knows. */
function placeOf(parameter: Parameter, coordinate: number): number | string {
  return parameter.values === undefined ? coordinate : String(parameter.values[coordinate]);
}

function pointOf(point: EpochSummary, { metric }: Objective): [number, number][] {
  const value = { top1: point.top1, top5: point.top5, loss: point.validationLoss }[metric];
  return value === undefined ? [] : [[point.epoch, metric === 'loss' ? value : 100 * value]];
}

function textStyle(palette: Palette) {
  return { color: palettes[palette].text, fontFamily: 'sans-serif', fontSize: 13 };
}

/** Text that lines pass behind. */
function overLines(palette: Palette) {
  return { ...textStyle(palette), textBorderColor: palettes[palette].ground, textBorderWidth: 3 };
}

function label(palette: Palette, { metric }: Objective) {
  return { ...textStyle(palette), ...(metric === 'loss' ? {} : { formatter: '{value} %' }) };
}

function axis(palette: Palette) {
  const lineStyle = { color: palettes[palette].line };
  return {
    nameTextStyle: textStyle(palette),
    axisLabel: { ...textStyle(palette), hideOverlap: true },
    axisLine: { lineStyle },
    splitLine: { lineStyle },
  };
}

function parallelAxis(palette: Palette, name: string) {
  const lineStyle = { color: palettes[palette].line, width: 1.5 };
  return {
    name,
    nameGap: 14,
    nameTextStyle: textStyle(palette),
    axisLabel: overLines(palette),
    z: 10,
    axisLine: { lineStyle },
    axisTick: { lineStyle },
  };
}

/** Without a browser nobody measures text: a wide font has letters of about so many pixels at 13 pixels. */
const letterWidth = 8;
const maxLabelWidth = 220;

function labelWidth(answers: readonly Answer[]): number {
  const longest = Math.max(...answers.map(({ row }) => row.length));
  return 24 + Math.min(maxLabelWidth, longest * letterWidth);
}

const legendGap = 28;

/** Lines that the names take, beside each of which stands a sign. */
function legendLines(names: readonly string[]): number {
  const width = names.reduce((sum, name) => sum + name.length * letterWidth + legendGap + 30, 0);
  return Math.ceil(width / (chartSize.width - 32));
}

function legend(palette: Palette, data: readonly string[]) {
  return { top: 0, left: 16, right: 16, itemGap: legendGap, data: [...data], textStyle: textStyle(palette) };
}

function draw(title: string, option: EChartsCoreOption, height: number = chartSize.height + 60): string {
  use([
    ...[AriaComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent],
    ...[LineChart, ParallelChart, ScatterChart, SVGRenderer],
  ]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: chartSize.width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return accessible(chart.renderToSVGString(), title);
  } finally {
    chart.dispose();
  }
}
