import { BarGaugeDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  SortOrder,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Dashboard, Link, Panel, Variable } from './dashboard.ts';

/** The data source that the viewer chose. */
const datasource = { type: 'prometheus', uid: '$datasource' };
const tag = 'ringmaster';
const panelHeight = { number: 4, lines: 8, areas: 8, bars: 8 };
const panelSpan = { number: 4, lines: 8, areas: 8, bars: 12 };

/** A dashboard as Grafana's model of schema version 1 has it, two spaces deep. */
export function grafanaJson(dashboard: Dashboard): string {
  return `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`;
}

function toGrafana({ name, title, description, variables, metrics, links = [], rows }: Dashboard): unknown {
  // The newer model is read by Grafana 12 and later only, and not by the sidecar that loads dashboards from ConfigMaps.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const builder = new DashboardBuilder(title)
    .uid(`ringmaster-${name}`)
    .description(description)
    .tags([tag])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .link(
      new DashboardLinkBuilder('Ringmaster')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(true)
        .keepTime(true),
    );
  for (const link of links) builder.link(toLink(link));
  builder.withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const variable of [...scrapeVariables(metrics), ...variables])
    builder.withVariable(toVariable(variable));
  let id = 0;
  const nextId = () => (id += 1);
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(nextId()));
    for (const panel of row.panels) builder.withPanel(toPanel(panel).id(nextId()));
  }
  return builder.build();
}

/** The scrape jobs and instances that have any of the metrics. */
function scrapeVariables(metrics: readonly string[]): readonly Variable[] {
  const names = `__name__=~"${metrics.join('|')}"`;
  return [
    { name: 'job', label: 'Job', query: `label_values({${names}}, job)` },
    { name: 'instance', label: 'Instance', query: `label_values({${names}, job=~"$job"}, instance)` },
  ];
}

function toVariable({ name, label, query }: Variable): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all', selected: true })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

function toLink({ title, tooltip, url }: Link): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .tooltip(tooltip)
    .url(url)
    .targetBlank(true);
}

function toPanel(panel: Panel): Stat | TimeSeries | BarGauge {
  const builder = visualization(panel)
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(datasource)
    .height(panelHeight[panel.kind])
    .span(panel.span ?? panelSpan[panel.kind]);
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.link !== undefined) builder.dataLinks([toLink(panel.link)]);
  for (const [index, { expr, legend, unit }] of panel.queries.entries()) {
    const refId = String.fromCodePoint(65 + index);
    const query = new DataqueryBuilder()
      .datasource(datasource)
      .refId(refId)
      .expr(expr)
      .legendFormat(legend);
    if (unit !== undefined)
      builder.overrideByQuery(refId, [
        { id: 'unit', value: unit },
        { id: 'custom.axisPlacement', value: 'right' },
      ]);
    // A bar is the present; numbers and lines also show what was.
    builder.withTarget(panel.kind === 'bars' ? query.instant() : query.range());
  }
  return builder;
}

function visualization({ kind, showsName }: Panel): Stat | TimeSeries | BarGauge {
  const last = new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
  switch (kind) {
    case 'number':
      return new Stat()
        .reduceOptions(last)
        .colorMode(BigValueColorMode.None)
        .graphMode(showsName === true ? BigValueGraphMode.None : BigValueGraphMode.Area)
        .textMode(showsName === true ? BigValueTextMode.Name : BigValueTextMode.Auto);
    case 'bars':
      return new BarGauge()
        .reduceOptions(last)
        .orientation(VizOrientation.Horizontal)
        .displayMode(BarGaugeDisplayMode.Basic);
    case 'areas':
      return timeSeries().fillOpacity(20).stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
    case 'lines':
      return timeSeries();
  }
}

function timeSeries(): TimeSeries {
  return new TimeSeries()
    .lineWidth(1)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
}
