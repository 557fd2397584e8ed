import { readFile, writeFile } from 'node:fs/promises';
import { dump } from 'js-yaml';
import { TrainingRunSchema } from '../v1alpha1/training-run.ts';
import { TrainingSweepSchema } from '../v1alpha1/training-sweep.ts';
import { fieldReference } from './field-reference.ts';
import { toOpenApiSchema } from './open-api-schema.ts';
import { trainingRunCrd } from './training-run-crd.ts';
import { trainingSweepCrd } from './training-sweep-crd.ts';

/* Writes what is made from the schemas: `node operator/api/generate/main.ts`. With --check it only compares. */

const root = new URL('../../../', import.meta.url);
const header = '# Made from operator/api/v1alpha1 by `npm run generate`. Do not edit.\n';

/** A CRD stands with the others and in the chart, which makes it part of the release. */
function crdFiles(name: string, crd: unknown): Record<string, string> {
  const text = header + dump(crd, { noRefs: true, lineWidth: 110 });
  return { [`crds/${name}.yaml`]: text, [`charts/ringmaster/files/crds/${name}.yaml`]: text };
}

const outputs: Readonly<Record<string, string>> = {
  ...crdFiles('trainingruns.ringmaster.dev', trainingRunCrd()),
  'docs/trainingrun-reference.md': fieldReference(
    'TrainingRun, field by field',
    toOpenApiSchema(TrainingRunSchema),
  ),
  ...crdFiles('trainingsweeps.ringmaster.dev', trainingSweepCrd()),
  'docs/trainingsweep-reference.md': fieldReference(
    'TrainingSweep, field by field',
    toOpenApiSchema(TrainingSweepSchema),
  ),
};

const stale: string[] = [];
for (const [file, wanted] of Object.entries(outputs)) {
  const url = new URL(file, root);
  const present = await readFile(url, 'utf8').catch(() => undefined);
  if (present === wanted) continue;
  if (process.argv.includes('--check')) stale.push(file);
  else await writeFile(url, wanted);
}
if (stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}; run "npm run generate" and commit the result\n`);
  process.exitCode = 1;
}
