import type { Variable } from './dashboard.ts';

/** Matchers of what the viewer chose. */
export const inNamespace = ['namespace=~"$namespace"'] as const;
export const ofRun = [...inNamespace, 'run=~"$run"'] as const;
export const ofSweep = [...inNamespace, 'sweep=~"$sweep"'] as const;

/** A metric as it is scraped, of the jobs and instances that the viewer chose. */
export function scraped(
  metric: string,
  matchers: readonly string[] = [],
  ...more: readonly string[]
): string {
  return selector(metric, ['job=~"$job"', 'instance=~"$instance"', ...matchers, ...more]);
}

/** A series that a recording rule makes; it has neither job nor instance. */
export function recorded(name: string, matchers: readonly string[] = []): string {
  return selector(name, matchers);
}

/** What a counter grows by in a second. */
export function rateOf(counter: string): string {
  return `rate(${counter}[$__rate_interval])`;
}

/** A quantile of a histogram over time, kept apart by some labels. */
export function quantile(share: number, histogram: string, matchers: readonly string[], by: string): string {
  const buckets = rateOf(scraped(`${histogram}_bucket`, matchers));
  return `histogram_quantile(${share}, sum by (${by}, le) (${buckets}))`;
}

/** The mean of a histogram over time, kept apart by some labels. */
export function mean(histogram: string, matchers: readonly string[], by: string): string {
  const [sum, count] = ['sum', 'count'].map((part) => rateOf(scraped(`${histogram}_${part}`, matchers)));
  return `sum by (${by}) (${sum ?? ''}) / (sum by (${by}) (${count ?? ''}) > 0)`;
}

function selector(metric: string, matchers: readonly string[]): string {
  return `${metric}{${matchers.join(', ')}}`;
}

/** Variables that several dashboards have. */
export const namespaceVariable = (metric: string): Variable => ({
  name: 'namespace',
  label: 'Namespace',
  query: `label_values(${scraped(metric)}, namespace)`,
});
