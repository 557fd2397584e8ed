import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import * as z from 'zod';

const folder = fileURLToPath(new URL('../../charts/ringmaster/dashboards', import.meta.url));

const DataSource = z.object({ type: z.string(), uid: z.string() });

const Panel = z.object({
  id: z.int().optional(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  datasource: DataSource.optional(),
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().optional(),
        links: z.array(z.object({ url: z.string() })).optional(),
      }),
      overrides: z
        .array(z.object({ matcher: z.object({ id: z.string(), options: z.unknown() }) }))
        .default([]),
    })
    .optional(),
  targets: z
    .array(z.object({ refId: z.string().default(''), expr: z.string(), datasource: DataSource.optional() }))
    .default([]),
  gridPos: z.object({ x: z.int(), w: z.int() }).optional(),
});
type Panel = z.output<typeof Panel>;

const Template = z.object({
  type: z.string(),
  name: z.string(),
  label: z.string().default(''),
  query: z.string(),
  multi: z.boolean().default(false),
  allValue: z.string().optional(),
  refresh: z.int().optional(),
  datasource: DataSource.optional(),
});
export type Template = z.output<typeof Template>;

/** A dashboard as Grafana loads it, as far as it is looked at here. */
const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string().default(''),
  editable: z.boolean().default(true),
  links: z.array(z.object({ title: z.string(), url: z.string().nullish() })).default([]),
  templating: z.object({ list: z.array(Template) }),
  panels: z.array(Panel),
});

export interface DashboardFile extends z.output<typeof Dashboard> {
  readonly file: string;
  /** Panels that show something, rows aside. */
  readonly shown: readonly Panel[];
}

/** The dashboards that the chart ships. */
export function readDashboards(): DashboardFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const dashboard = Dashboard.parse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
      return { ...dashboard, file, shown: dashboard.panels.filter(({ type }) => type !== 'row') };
    });
}

const Exclusions = z.object({
  exclusions: z.record(
    z.string(),
    z.object({
      reason: z.string(),
      entries: z.array(z.object({ dashboard: z.string(), panel: z.string() })),
    }),
  ),
});

/** What the linter is told to overlook, and why: the file `.lint`, as the linter itself reads it. */
export function readExclusions(): z.output<typeof Exclusions>['exclusions'] {
  return Exclusions.parse(load(readFileSync(`${folder}/.lint`, 'utf8'))).exclusions;
}
