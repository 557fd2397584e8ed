import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkRules, hasPromtool, testRules } from '../operator/promtool.ts';
import { readRules, rulesFile } from './rules-file.ts';

const promtoolTests = fileURLToPath(new URL('./rules.promtool.yaml', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const alerts = readRules().flatMap(({ alert, labels, annotations }) =>
  alert === undefined ? [] : [{ alert, labels, annotations }],
);

const Cases = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z
        .array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }))
        .default([]),
    }),
  ),
});

describe('the rules of alerts', () => {
  it.skipIf(!hasPromtool)('pass promtool check rules', async () => {
    expect(await checkRules(rulesFile)).toBe('');
  });

  it.skipIf(!hasPromtool)('pass promtool test rules: each fires and stays quiet when it should', async () => {
    expect(await testRules(promtoolTests)).toBe('');
  });

  it('have a case that fires and one that stays quiet', () => {
    const { tests } = Cases.parse(load(readFileSync(promtoolTests, 'utf8')));
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of alerts) {
      const outcomes = cases
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts }) => exp_alerts.length);
      expect({ alert, outcomes }).toEqual({ alert, outcomes: expect.arrayContaining([0, 1]) as number[] });
    }
  });

  it('have each a runbook that says what it means, what to look at and what to do', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(annotations?.runbook_url).toBe(`docs/runbooks/${alert}.md`);
      const page = readFileSync(`${root}/docs/runbooks/${alert}.md`, 'utf8');
      expect(page).toMatch(new RegExp(`^# ${alert}\n`));
      for (const part of ['What it means', 'Look at', 'Do']) expect(page).toContain(`\n## ${part}\n`);
      expect(page).toContain(`Severity: ${labels?.severity ?? ''}.`);
    }
  });

  it('leave no runbook without an alert', () => {
    const pages = readdirSync(`${root}/docs/runbooks`).map((file) => file.replace('.md', ''));
    expect(pages.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  });
});
