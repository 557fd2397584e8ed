import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import * as z from 'zod';

/** The rules that the chart ships, also for those without Prometheus's operator. */
export const rulesFile = fileURLToPath(
  new URL('../../charts/ringmaster/rules/ringmaster.rules.yaml', import.meta.url),
);

const Rule = z.object({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(['critical', 'warning']) }).optional(),
  annotations: z.object({ summary: z.string(), description: z.string(), runbook_url: z.string() }).optional(),
});
export type Rule = z.output<typeof Rule>;

const Rules = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(Rule) })) });

export function readRules(): Rule[] {
  return Rules.parse(load(readFileSync(rulesFile, 'utf8'))).groups.flatMap(({ rules }) => rules);
}
