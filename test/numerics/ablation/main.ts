import { parseArgs } from 'node:util';

import { startTensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { specOf, studies } from './studies.ts';
import { runTrial } from './trial.ts';
import { holds, meanInterval, pairedDifferences } from './verdict.ts';

/**
 * Answers a question of `studies.ts` by training: `main.ts half|large-batch|tricks [--seeds 0,1,2] [--row NAME ...]
 * [--data FOLDER] [--threads N] [--json]`. Minutes to hours. Ends with 1 if a claim does not hold.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '0,1,2' },
    row: { type: 'string', multiple: true },
    data: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const [name = ''] = positionals;
const study = studies[name];
if (study === undefined) {
  process.stderr.write(`name a study: ${Object.keys(studies).join(', ')}\n`);
  process.exit(64);
}
const say = (line: string) => {
  (values.json ? process.stderr : process.stdout).write(`${line}\n`);
};
const seeds = values.seeds.split(',').map(Number);
const rows = values.row ?? Object.keys(study.rows);
const threads = Number(values.threads);
const tensorflow = startTensorFlow({ threads: { intraOp: threads, interOp: threads } });
const results: Record<string, number[]> = Object.fromEntries(rows.map((row) => [row, []]));
const secondsPerTrial: Record<string, number[]> = Object.fromEntries(rows.map((row) => [row, []]));

say(study.question);
// Seed by seed, so that what is there when it is cut short can be compared.
for (const seed of seeds) {
  for (const row of rows) {
    const changes = study.rows[row];
    if (changes === undefined) throw new RangeError(`there is no row ${row}`);
    const { top1, trainSeconds } = await runTrial(tensorflow, specOf(changes, values.data, seed));
    results[row]?.push(top1);
    secondsPerTrial[row]?.push(trainSeconds);
    say(`seed ${seed}  ${row.padEnd(34)} top-1 ${top1.toFixed(2)} %  ${trainSeconds.toFixed(0)} s`);
  }
}
const [reference = ''] = rows;
for (const row of rows) {
  const { mean, halfWidth } = meanInterval(results[row] ?? []);
  const apart = meanInterval(pairedDifferences(results, row, reference));
  const compared =
    row === reference
      ? ''
      : `, ${apart.mean.toFixed(2)} ± ${apart.halfWidth.toFixed(2)} against ${reference}`;
  say(`${row.padEnd(34)} ${mean.toFixed(2)} ± ${halfWidth.toFixed(2)} %${compared}`);
}
const claims = study.claims
  .filter(({ row, other }) => rows.includes(row) && rows.includes(other))
  .map((claim) => ({ ...claim, holds: holds(results, claim) }));
for (const claim of claims) say(`${claim.row} ${claim.kind} ${claim.other}: ${claim.holds ? 'yes' : 'NO'}`);
if (values.json)
  process.stdout.write(`${JSON.stringify({ study: name, seeds, results, secondsPerTrial, claims })}\n`);
process.exit(claims.every((claim) => claim.holds) ? 0 : 1);
