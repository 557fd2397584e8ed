import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { documentedValues } from './documented-value.ts';
import { Values } from './values.ts';
import { valuesTable } from './values-table.ts';
import { valuesYaml } from './values-yaml.ts';

/* Writes what is made of the chart's values: `node charts/values/generate.ts`. With --check it only compares. */

const chart = new URL('../ringmaster/', import.meta.url);
const tableMark = '<!-- The table below is made from charts/values/values.ts by `npm run generate`. -->\n';

const values = documentedValues(Values, Values.parse({}));
const readme = await readFile(new URL('README.md', chart), 'utf8');
const [beforeTable = ''] = readme.split(tableMark);
const outputs: Readonly<Record<string, string>> = {
  'values.yaml': `# Made from charts/values/values.ts by \`npm run generate\`. Do not edit.\n\n${valuesYaml(values)}`,
  // Draft 7 is what editors and both majors of Helm read.
  'values.schema.json': `${JSON.stringify(z.toJSONSchema(Values, { io: 'input', target: 'draft-7' }), undefined, 2)}\n`,
  'README.md': `${beforeTable}${tableMark}\n${valuesTable(values)}\n`,
};

const stale: string[] = [];
for (const [file, wanted] of Object.entries(outputs)) {
  const url = new URL(file, chart);
  if ((await readFile(url, 'utf8').catch(() => undefined)) === wanted) continue;
  if (process.argv.includes('--check')) stale.push(`charts/ringmaster/${file}`);
  else await writeFile(url, wanted);
}
if (stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}; run "npm run generate" and commit the result\n`);
  process.exitCode = 1;
}
