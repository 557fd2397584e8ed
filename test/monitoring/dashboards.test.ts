import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasPromtool, checkRules } from '../operator/promtool.ts';
import { readDashboards, readExclusions, type DashboardFile } from './dashboard-file.ts';
import { lint, type Complaint } from './dashboard-linter.ts';
import { expandVariables } from './promql.ts';

const dashboards = readDashboards();
const exclusions = readExclusions();

const isExcluded = ({ rule, dashboard, panel }: Complaint) =>
  exclusions[rule]?.entries.some((entry) => entry.dashboard === dashboard && entry.panel === panel) === true;

describe('the dashboards', () => {
  it('are of the fleet, a run, a sweep and the operator', () => {
    expect(dashboards.map(({ uid }) => uid)).toEqual([
      'ringmaster-fleet',
      'ringmaster-operator',
      'ringmaster-run',
      'ringmaster-sweep',
    ]);
  });

  it("keep the rules of Grafana's linter, but for what is excluded with a reason", () => {
    expect(dashboards.flatMap(lint).filter((complaint) => !isExcluded(complaint))).toEqual([]);
  });

  it('exclude nothing that keeps the rules', () => {
    const complaints = dashboards.flatMap(lint).filter(isExcluded);
    for (const [rule, { entries }] of Object.entries(exclusions))
      for (const entry of entries)
        expect(complaints).toContainEqual(expect.objectContaining({ rule, ...entry }));
  });

  it('tell their panels apart by title and number, in 24 columns', () => {
    for (const { panels, shown } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
      for (const { gridPos } of shown)
        expect((gridPos?.x ?? 24) + (gridPos?.w ?? 24)).toBeLessThanOrEqual(24);
    }
  });

  it('have on a scale of bytes or seconds nothing else', () => {
    const words: Readonly<Record<string, RegExp>> = { bytes: /bytes/, s: /seconds|:duration|epoch/ };
    const strangers = dashboards.flatMap(({ shown }) =>
      shown.flatMap(({ title, fieldConfig, targets }) => {
        const word = words[fieldConfig?.defaults.unit ?? ''];
        const onTheirOwn = new Set(fieldConfig?.overrides.map(({ matcher }) => matcher.options));
        return targets
          .filter(({ refId, expr }) => word?.test(expr) === false && !onTheirOwn.has(refId))
          .map(({ expr }) => `${title}: ${expr}`);
      }),
    );
    expect(strangers).toEqual([]);
  });

  it('lead to each other, from a run to its logs, and nowhere that is not', () => {
    const known = new Set(dashboards.map(({ uid }) => uid));
    const links = dashboards.flatMap(({ shown }) =>
      shown.flatMap((panel) => panel.fieldConfig?.defaults.links ?? []),
    );
    expect(links.length).toBeGreaterThan(0);
    for (const { url } of links) expect(known).toContain(/^\/d\/([a-z-]+)\?/.exec(url)?.[1]);
    const logs = dashboards
      .find(({ uid }) => uid === 'ringmaster-run')
      ?.links.find(({ title }) => title === 'Logs');
    const panes: unknown = JSON.parse(
      decodeURIComponent(new URL(logs?.url ?? '', 'http://grafana').searchParams.get('panes') ?? ''),
    );
    expect(panes).toMatchObject({
      logs: {
        queries: [{ expr: '{namespace=~"${namespace:regex}", pod=~"(${run:regex})-[0-9]+-[0-9]+"} | json' }],
      },
    });
  });

  it.skipIf(!hasPromtool)('ask nothing that Prometheus does not understand', async () => {
    const rules = dashboards.flatMap(({ uid, shown }) =>
      shown.flatMap(({ targets }) =>
        targets.map(({ expr }, index) => ({
          record: `${uid.replaceAll('-', '_')}:${index}`,
          expr: expandVariables(expr, '5m', '1h'),
        })),
      ),
    );
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-panels-'));
    try {
      const file = join(folder, 'panels.yaml');
      // JSON is YAML.
      await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules: distinct(rules) }] }));
      expect(await checkRules(file)).toBe('');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** promtool complains of rules that are there twice. */
function distinct<T extends { expr: string }>(rules: readonly T[]): T[] {
  return [...new Map(rules.map((rule) => [rule.expr, rule])).values()];
}

describe('the linter', () => {
  const [good] = dashboards;
  const withQuery = (expr: string): DashboardFile => {
    if (good === undefined) throw new Error('there is no dashboard');
    const [panel] = good.shown;
    return { ...good, shown: panel === undefined ? [] : [{ ...panel, targets: [{ refId: 'A', expr }] }] };
  };
  const chosen = 'job=~"$job", instance=~"$instance"';

  it.each([
    [`rate(a_total{${chosen}}[$__rate_interval])`, []],
    [`increase(a_total{${chosen}}[$__range])`, []],
    [`rate(a_total{${chosen}}[5m])`, ['target-rate-interval-rule']],
    [`sum(a_total{${chosen}})`, ['target-counter-agg-rule']],
    ['a', ['target-job-rule', 'target-instance-rule']],
    ['a{job="$job", instance=~"$instance"}', ['target-job-rule']],
    [`sum(a{${chosen}}`, ['target-promql-rule']],
  ])('has these complaints of %s: %j', (expr, rules) => {
    expect(lint(withQuery(expr)).map(({ rule }) => rule)).toEqual(rules);
  });

  it('complains of what a dashboard lacks', () => {
    const bare: DashboardFile = {
      ...{ file: 'x.json', uid: 'x', title: 'X', description: '', editable: true, links: [], panels: [] },
      templating: {
        list: [{ type: 'query', name: 'job', label: 'job', query: 'label_values(up{, job)', multi: false }],
      },
      shown: [{ type: 'stat', title: '', description: '', targets: [] }],
    };
    expect([...new Set(lint(bare).map(({ rule }) => rule))]).toEqual([
      'template-datasource-rule',
      'template-job-rule',
      'template-instance-rule',
      'template-label-promql-rule',
      'template-on-time-change-reload-rule',
      'uneditable-dashboard',
      'panel-datasource-rule',
      'panel-title-description-rule',
      'panel-units-rule',
      'panel-no-targets-rule',
    ]);
  });
});
