import { LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { EpochSummary } from '../../api/trainer/progress.ts';

/** A named row of points, `[x, y]`. */
interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number | string, number | string])[];
  /** Points alone, or joined by a line. */
  readonly kind: 'line' | 'scatter';
}

/** One chart of a report. */
export interface Chart {
  readonly title: string;
  /** What the horizontal axis is: epochs, or moments in RFC 3339. */
  readonly axis: 'epoch' | 'time';
  readonly unit: string;
  readonly series: readonly Series[];
}

/** Something that happened to a run at a moment. */
export interface Moment {
  readonly kind: 'checkpoint' | 'restart' | 'start' | 'end';
  readonly at: string;
}

export const chartSize = { width: 720, height: 300 };
/** Colours of Okabe and Ito, told apart also by those who see few colours; lighter on a dark ground. */
export const palettes = {
  light: { ground: '#fff', text: '#1b1f24', line: '#c8ced6', series: ['#0072b2', '#b34700', '#00785a'] },
  dark: { ground: '#0d1117', text: '#e6e9ee', line: '#444c56', series: ['#56b4e9', '#e69f00', '#2fbf8f'] },
};
export type Palette = keyof typeof palettes;

/** Curves over the epochs and what happened over time; charts without a point are left out. */
export function chartsOf(history: readonly EpochSummary[], moments: readonly Moment[]): Chart[] {
  const curve = (name: string, of: (point: EpochSummary) => number | undefined): Series => ({
    name,
    kind: 'line',
    points: history.flatMap((point) => {
      const value = of(point);
      return value === undefined ? [] : [[point.epoch, value] as const];
    }),
  });
  const percent = (ratio: number | undefined) => (ratio === undefined ? undefined : ratio * 100);
  const kinds = { end: 'end', checkpoint: 'checkpoints', restart: 'restarts', start: 'start' } as const;
  const charts: Chart[] = [
    {
      title: 'Loss',
      axis: 'epoch',
      unit: '',
      series: [curve('training', (p) => p.trainLoss), curve('validation', (p) => p.validationLoss)],
    },
    {
      title: 'Validation accuracy',
      axis: 'epoch',
      unit: ' %',
      series: [curve('top-1', (p) => percent(p.top1)), curve('top-5', (p) => percent(p.top5))],
    },
    {
      title: 'Learning rate',
      axis: 'epoch',
      unit: '',
      series: [curve('learning rate', (p) => p.learningRate)],
    },
    {
      title: 'Throughput',
      axis: 'epoch',
      unit: ' img/s',
      series: [curve('images a second', (p) => p.imagesPerSecond)],
    },
    {
      title: 'What happened when',
      axis: 'time',
      unit: '',
      series: Object.entries(kinds).map(([kind, name]) => ({
        name,
        kind: 'scatter',
        points: moments.filter((moment) => moment.kind === kind).map(({ at }) => [at, name] as const),
      })),
    },
  ];
  return charts
    .map((chart) => ({ ...chart, series: chart.series.filter(({ points }) => points.length > 0) }))
    .filter(({ series }) => series.length > 0);
}

/** A chart as SVG, for a light or a dark ground. */
export function drawChart({ title, axis, unit, series }: Chart, palette: Palette): string {
  use([AriaComponent, GridComponent, LegendComponent, LineChart, ScatterChart, SVGRenderer, TitleComponent]);
  const { text, line, series: colours } = palettes[palette];
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...chartSize });
  const label = { color: text, fontFamily: 'sans-serif', fontSize: 13 };
  const lines = { axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } } };
  try {
    chart.setOption({
      animation: false,
      color: colours,
      legend: { show: series.length > 1 && axis === 'epoch', top: 0, itemGap: 24, textStyle: label },
      grid: { left: 16, right: 24, top: 40, bottom: 32, outerBoundsMode: 'same' },
      xAxis: {
        type: axis === 'time' ? 'time' : 'value',
        name: axis === 'time' ? '' : 'epoch',
        nameLocation: 'middle',
        nameGap: 28,
        nameTextStyle: label,
        axisLabel: { ...label, hideOverlap: true },
        ...lines,
      },
      yAxis: {
        ...(axis === 'time'
          ? { type: 'category', data: series.map(({ name }) => name) }
          : { type: 'value', scale: true }),
        axisLabel: axis === 'time' ? label : { ...label, formatter: `{value}${unit}` },
        ...lines,
      },
      series: series.map(({ name, points, kind }, index) => ({
        name,
        type: kind,
        data: points.map((point) => [...point]),
        symbol: symbols[index % symbols.length],
        symbolSize: kind === 'scatter' ? 12 : points.length > 40 ? 0 : 7,
        lineStyle: { width: 2, type: index === 0 ? 'solid' : 'dashed' },
      })),
    });
    return accessible(chart.renderToSVGString(), title);
  } finally {
    chart.dispose();
  }
}

/** Shapes tell series apart where colours do not. */
const symbols = ['circle', 'triangle', 'rect', 'diamond'];

/** A picture with a name, whose parts are not read one by one; its figures stand in the table below. */
export function accessible(svg: string, title: string): string {
  return svg.replace('<svg ', `<svg role="img" aria-label="${title}" `);
}
