import { mkdir, readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { fleetDashboard } from './monitoring/dashboards/fleet.ts';
import { grafanaJson } from './monitoring/dashboards/grafana-json.ts';
import { operatorDashboard } from './monitoring/dashboards/operator.ts';
import { runDashboard } from './monitoring/dashboards/run.ts';
import { sweepDashboard } from './monitoring/dashboards/sweep.ts';
import { rulesYaml } from './monitoring/rules/rules-yaml.ts';
import { documentedValues } from './values/documented-value.ts';
import { Values } from './values/values.ts';
import { valuesTable } from './values/values-table.ts';
import { valuesYaml } from './values/values-yaml.ts';

/*
 * Writes the chart's dashboards and rules, and what is made of its values: `node charts/generate.ts`. With --check it
 * only compares.
 */

const chart = new URL('ringmaster/', import.meta.url);
const madeFrom = (sources: string) => `# Made from ${sources} by \`npm run generate\`. Do not edit.\n`;
const tableMark = '<!-- The table below is made from charts/values/values.ts by `npm run generate`. -->\n';

const values = documentedValues(Values, Values.parse({}));
const [beforeTable = ''] = (await readFile(new URL('README.md', chart), 'utf8')).split(tableMark);

const outputs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [fleetDashboard, runDashboard, sweepDashboard, operatorDashboard].map((dashboard) => [
      `dashboards/ringmaster-${dashboard.name}.json`,
      grafanaJson(dashboard),
    ]),
  ),
  'rules/ringmaster.rules.yaml': madeFrom('charts/monitoring/rules') + rulesYaml(),
  'values.yaml': `${madeFrom('charts/values/values.ts')}\n${valuesYaml(values)}`,
  // Draft 7 is what editors and both majors of Helm read.
  'values.schema.json': `${JSON.stringify(z.toJSONSchema(Values, { io: 'input', target: 'draft-7' }), undefined, 2)}\n`,
  'README.md': `${beforeTable}${tableMark}\n${valuesTable(values)}\n`,
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
