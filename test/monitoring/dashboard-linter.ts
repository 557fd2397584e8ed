import * as units from '@grafana/grafana-foundation-sdk/units';
import type { DashboardFile, Template } from './dashboard-file.ts';
import { expandVariables, selectorsOf, type Selector } from './promql.ts';

/** A fault, named by the linter's rule; of a panel or of the dashboard as a whole. */
export interface Complaint {
  readonly rule: string;
  readonly dashboard: string;
  readonly panel?: string;
  readonly message: string;
}

const validUnits = new Set<unknown>(Object.values(units));
/** A duration that no query writes by itself. */
const rateInterval = '8869990787ms';

/**
 * The rules of Grafana's linter that are about Prometheus
 * (https://github.com/grafana/dashboard-linter, `lint/rules.go`), which is not to be had as a package. It looks at some
 * types of panels only; here the rules hold for all.
 */
export function lint(dashboard: DashboardFile): Complaint[] {
  const complain = (rule: string, message: string, panel?: string): Complaint => ({
    rule,
    dashboard: dashboard.title,
    message,
    ...(panel === undefined ? {} : { panel }),
  });
  const templates = dashboard.templating.list;
  const queries = templates.filter(({ type }) => type === 'query');
  return [
    ...complaintsOfDataSource(templates).map((message) => complain('template-datasource-rule', message)),
    ...(['job', 'instance'] as const).flatMap((name) =>
      complaintsOfTemplate(templates, name).map((message) => complain(`template-${name}-rule`, message)),
    ),
    ...queries
      .filter(({ query }) => !isLabelQuery(query))
      .map(({ query }) => complain('template-label-promql-rule', query)),
    ...queries
      .filter(({ refresh }) => refresh !== 2)
      .map(({ name }) => complain('template-on-time-change-reload-rule', name)),
    ...(dashboard.editable ? [complain('uneditable-dashboard', 'it is editable')] : []),
    ...dashboard.shown.flatMap((panel) => [
      ...(panel.datasource?.uid === '$datasource'
        ? []
        : [complain('panel-datasource-rule', 'not $datasource', panel.title)]),
      ...(panel.title !== '' && panel.description !== ''
        ? []
        : [complain('panel-title-description-rule', 'title or description is missing', panel.title)]),
      ...(validUnits.has(panel.fieldConfig?.defaults.unit)
        ? []
        : [complain('panel-units-rule', `unit ${String(panel.fieldConfig?.defaults.unit)}`, panel.title)]),
      ...(panel.targets.length > 0 ? [] : [complain('panel-no-targets-rule', 'no queries', panel.title)]),
      ...panel.targets.flatMap(({ expr }) =>
        complaintsOfQuery(expr).map(([rule, message]) => complain(rule, message, panel.title)),
      ),
    ]),
  ];
}

function complaintsOfDataSource(templates: readonly Template[]): string[] {
  const sources = templates.filter(({ type }) => type === 'datasource');
  if (sources.length === 0) return ['there is no templated data source'];
  return sources
    .filter(({ name, label, query }) => {
      const names = [`${query}_datasource`, ...(sources.length === 1 ? ['datasource'] : [])];
      const labels = [`${capitalized(query)} data source`, ...(sources.length === 1 ? ['Data source'] : [])];
      return !names.includes(name) || !labels.includes(label);
    })
    .map(({ name, label }) => `${name} is labelled ${label}`);
}

function complaintsOfTemplate(templates: readonly Template[], name: string): string[] {
  const template = templates.find((other) => other.name === name);
  if (template === undefined) return ['it is missing'];
  return [
    ...(template.datasource?.uid === '$datasource' ? [] : ['its data source is not $datasource']),
    ...(template.type === 'query' ? [] : [`its type is ${template.type}`]),
    ...(template.label === capitalized(name) ? [] : [`its label is ${template.label}`]),
    ...(template.multi ? [] : ['only one can be selected']),
    ...(template.allValue === '.+' ? [] : [`all is ${String(template.allValue)}`]),
  ];
}

function isLabelQuery(query: string): boolean {
  const [, selector] = /^label_values\((.+), *[a-zA-Z_]+\)$/.exec(query) ?? [];
  return selector !== undefined && parsed(selector) !== undefined;
}

function complaintsOfQuery(expr: string): [rule: string, message: string][] {
  const selectors = parsed(expandVariables(expr, rateInterval, '1h'));
  if (selectors === undefined) return [['target-promql-rule', expr]];
  return selectors.flatMap((selector) => {
    const { metric, range, calledBy, text } = selector;
    const isRate = calledBy === 'rate' || calledBy === 'irate';
    const isCounted = isRate || calledBy === 'increase';
    const isFree = (range !== rateInterval && isRate) || (range !== undefined && calledBy === undefined);
    return [
      ...(isFree ? ([['target-rate-interval-rule', text]] as const) : []),
      ...(metric.endsWith('_total') && !isCounted ? ([['target-counter-agg-rule', text]] as const) : []),
      ...['job', 'instance']
        .filter((label) => !hasMatcher(selector, label))
        .map((label) => [`target-${label}-rule`, text] as const),
    ].map(([rule, message]): [string, string] => [rule, message]);
  });
}

function parsed(query: string): Selector[] | undefined {
  try {
    return selectorsOf(query);
  } catch {
    return undefined;
  }
}

function hasMatcher({ matchers }: Selector, name: string): boolean {
  return matchers.some(
    ({ label, operator, value }) => label === name && operator === '=~' && value === `$${name}`,
  );
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
