import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fleetDashboard } from './dashboards/fleet.ts';
import { grafanaJson } from './dashboards/grafana-json.ts';
import { operatorDashboard } from './dashboards/operator.ts';
import { runDashboard } from './dashboards/run.ts';
import { sweepDashboard } from './dashboards/sweep.ts';
import { rulesYaml } from './rules/rules-yaml.ts';

/* Writes the chart's dashboards and rules: `node charts/monitoring/generate.ts`. With --check it only compares. */

const chart = new URL('../ringmaster/', import.meta.url);
const header = '# Made from charts/monitoring/rules by `npm run generate`. Do not edit.\n';

const outputs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [fleetDashboard, runDashboard, sweepDashboard, operatorDashboard].map((dashboard) => [
      `dashboards/ringmaster-${dashboard.name}.json`,
      grafanaJson(dashboard),
    ]),
  ),
  'rules/ringmaster.rules.yaml': header + rulesYaml(),
};

const stale: string[] = [];
for (const [file, wanted] of Object.entries(outputs)) {
  const url = new URL(file, chart);
  if ((await readFile(url, 'utf8').catch(() => undefined)) === wanted) continue;
  if (process.argv.includes('--check')) {
    stale.push(`charts/ringmaster/${file}`);
    continue;
  }
  await mkdir(new URL('.', url), { recursive: true });
  await writeFile(url, wanted);
}
if (stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}; run "npm run generate" and commit the result\n`);
  process.exitCode = 1;
}
