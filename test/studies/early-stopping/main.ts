import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';
import { labels } from '../../../operator/api/v1alpha1/group.ts';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { overlayOf, withOverlay } from '../../../operator/api/v1alpha1/training-sweep-settings.ts';
import { validateTrainingSweep } from '../../../operator/api/v1alpha1/training-sweep-validate.ts';
import { answersOf } from '../../../operator/search/answers.ts';
import { settingsAt } from '../../../operator/search/space.ts';
import { allClasses, writeSubset } from '../fashion-mnist-subset.ts';
import { ringmaster } from '../ringmaster.ts';
import { drawTrialsTable, outcomeOf, type FinishedSweep } from './comparison.ts';

/**
 * Trains the trials of `crds/samples/sweep-early-stopping.yaml` twice on the first images of Fashion-MNIST, all of them
 * to their end and then with asha, and compares what was found and what it took. When the two found different settings,
 * both are trained again with other seeds, to know whether they can be told apart. Prints tables in Markdown; ends with
 * 0 when asha found the same, or what cannot be told apart from it, in less than half of the epochs. What is there
 * already in its folder is not trained again.
 *
 *     npm run study:early-stopping [-- --images 12000 --folder .ringmaster/studies/early-stopping --gpus 2]
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '12000' },
    folder: { type: 'string', default: '.ringmaster/studies/early-stopping' },
    gpus: { type: 'string' },
  },
});
const folder = resolve(values.folder);
const data = join(folder, 'data');
const sample = 'crds/samples/sweep-early-stopping.yaml';
await mkdir(folder, { recursive: true });
await writeSubset('.ringmaster/data/fashion-mnist', data, {
  classes: allClasses,
  trainingImages: Number(values.images),
});

const validation = validateTrainingSweep(load(await readFile(sample, 'utf8')));
if (!validation.ok) throw new Error(`${sample}: ${JSON.stringify(validation.problems)}`);
const given = validation.sweep;
const runTemplate = {
  ...given.spec.runTemplate,
  data: { ...given.spec.runTemplate.data, train: data },
  checkpoints: { ...given.spec.runTemplate.checkpoints, uri: join(folder, 'checkpoints') },
};
const stopped = await finish({ ...given, spec: { ...given.spec, runTemplate } });
const full = await finish({
  ...given,
  metadata: { name: 'full-length' },
  spec: { ...given.spec, runTemplate, stopping: { ...given.spec.stopping, algorithm: 'none' } },
});
const [ofFull, ofStopped] = [outcomeOf(full), outcomeOf(stopped)];
const share = ofStopped.epochs / ofFull.epochs;
const lines = [
  '| | best trial | its top-1 | epochs trained | trials trained to the end | GPU-hours |',
  '| --- | --- | --- | --- | --- | --- |',
  ...Object.entries({ 'full length': ofFull, asha: ofStopped }).map(
    ([name, { best, top1, epochs, trainedToTheEnd, gpuHours }]) =>
      `| ${name} | ${best} | ${(100 * top1).toFixed(2)} % | ${epochs.toFixed(1)} | ${trainedToTheEnd} | ${gpuHours.toFixed(3)} |`,
  ),
  '',
  `asha trained ${(100 * share).toFixed(0)} % of the epochs.`,
  '',
  ...drawTrialsTable(full, stopped),
];
const isAsGood = ofFull.best === ofStopped.best || (await isNoWorse());
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = isAsGood && share < 0.5 ? 0 : 1;

/** Trains both winners with seeds that neither search saw, and says whether asha's is not worse. */
async function isNoWorse(): Promise<boolean> {
  const rows = [ofFull.best, ofStopped.best].map((index) => ({
    name: `trial ${index}`,
    set: settingsAt(given.spec.parameters ?? [], full.sweep.status?.trials?.[index]?.point ?? [])
      .map(overlayOf)
      .reduce(withOverlay, {}),
  }));
  const { sweep } = await finish({
    ...given,
    metadata: { name: 'winners' },
    spec: { runTemplate, ablation: { mode: 'oneAtATime', rows, seeds: [1, 2, 3, 4, 5] } },
  });
  const [base, other] = answersOf(sweep);
  const { mean = NaN, interval = [NaN, NaN], verdict } = other?.difference ?? {};
  const points = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(100 * value).toFixed(2)}`;
  const percent = (value = NaN) => `${(100 * value).toFixed(2)} %`;
  lines.push(
    '',
    `Both winners with five other seeds: ${percent(base?.mean)} and ${percent(other?.mean)}, difference ` +
      `${points(mean)} (${points(interval[0])} to ${points(interval[1])}): ${verdict ?? 'no verdict'}.`,
  );
  return verdict === 'cannot be told apart' || verdict === 'better';
}

/** Trains a sweep in a folder of its own, as a person would, or goes on with it. */
async function finish(manifest: object): Promise<FinishedSweep> {
  const { name } = (manifest as TrainingSweep).metadata;
  const file = join(folder, `${name}.json`);
  const dir = ['--dir', join(folder, name)];
  await writeFile(file, JSON.stringify(manifest));
  const gpus = values.gpus === undefined ? [] : ['--gpus', values.gpus];
  const sweep = (await ringmaster('run', file, ...dir, ...gpus)) as TrainingSweep;
  const { items } = (await ringmaster('get', ...dir)) as { items: TrainingRun[] };
  const runs = items.filter(({ metadata }) => metadata.labels?.[labels.sweepUid] === sweep.metadata.uid);
  return { sweep, runs, steps: await Promise.all(runs.map(stepsSaved)) };
}

/** Steps of the newest checkpoint of a run. */
async function stepsSaved({
  metadata: { name, namespace = 'default', uid = '' },
}: TrainingRun): Promise<number> {
  const entries = await readdir(join(folder, 'checkpoints', namespace, name, uid));
  return Math.max(...entries.flatMap((entry) => /^step-(\d+)$/.exec(entry)?.[1] ?? []).map(Number));
}
