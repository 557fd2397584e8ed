import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { answerCells } from '../../../operator/cli/sweep-table.ts';
import { answersOf } from '../../../operator/search/answers.ts';
import { writeSubset } from '../fashion-mnist-subset.ts';
import { ringmaster } from '../ringmaster.ts';

/**
 * Does fine-tuning beat training from scratch where images are few? A network is trained on five classes of
 * Fashion-MNIST and its backbone exported. The task is the five others, of whose training images there is a tenth, 3,000;
 * the backbone has seen none of their images or labels. From scratch and from the backbone the task is trained with the
 * same recipe, for 10 epochs and for three times as long; three seeds each. Prints a table in Markdown; ends with 0 when
 * fine-tuning is better by the interval of the paired differences, and by the margin that is asked for on average. What
 * is there already in its folder is not trained again.
 *
 *     npm run study:fine-tuning [-- --margin 0.03 --seeds 3 --folder .ringmaster/studies/fine-tuning --gpus 2]
 */
const { values } = parseArgs({
  options: {
    margin: { type: 'string', default: '0.03' },
    folder: { type: 'string', default: '.ringmaster/studies/fine-tuning' },
    seeds: { type: 'string', default: '3' },
    gpus: { type: 'string' },
  },
});
const folder = resolve(values.folder);
const fashionMnist = '.ringmaster/data/fashion-mnist';
/** Trousers, dresses and shoes; and what is hard to tell apart: shirts, pullovers, coats, and bags. */
const classes = { source: [1, 3, 5, 7, 9], target: [0, 2, 4, 6, 8] };
const epochs = 10;
const rowNames = { scratch: 'from scratch', tuned: 'fine-tuned' };

await mkdir(folder, { recursive: true });
const source = join(folder, 'source');
const target = join(folder, 'target');
await writeSubset(fashionMnist, source, { classes: classes.source, trainingImages: 30_000 });
await writeSubset(fashionMnist, target, { classes: classes.target, trainingImages: 3000 });

const fromScratch = {
  preset: 'baseline',
  epochs,
  batchSize: 64,
  optimizer: { decayBiasAndNorm: false },
  learningRate: { base: 0.1, scaling: 'linear', warmupEpochs: 1, schedule: 'cosine' },
  labelSmoothing: 0.1,
};
const spec = (train: string, recipe: object) => ({
  model: { depth: 14, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
  data: { format: 'fashion-mnist', train, augmentation: 'light' },
  recipe,
  trainers: { pods: 1, gpusPerPod: 1 },
  checkpoints: { uri: join(folder, 'checkpoints'), keep: { last: 1, best: false } },
});

const pretrained = (await finish({
  kind: 'TrainingRun',
  name: 'pretraining',
  spec: spec(source, { ...fromScratch, epochs: 5 }),
})) as TrainingRun;
const backbone = join(folder, 'backbone.safetensors');
await ringmaster('checkpoints', 'export', '--backbone', pretrained.status?.result?.uri ?? '', backbone);

/** A row that starts from the backbone. */
const fromBackbone = (name: string, recipe: object) => ({
  name,
  set: { model: { pretrained: backbone }, recipe },
});
const sweep = (await finish({
  kind: 'TrainingSweep',
  name: 'task',
  spec: {
    runTemplate: spec(target, fromScratch),
    ablation: {
      mode: 'oneAtATime',
      rows: [
        { name: rowNames.scratch },
        fromBackbone(rowNames.tuned, {}),
        fromBackbone('fine-tuned, stem and first stage frozen', { fineTuning: { frozenStages: 2 } }),
        { name: 'from scratch, 3 times as long', set: { recipe: { epochs: 3 * epochs } } },
        fromBackbone('fine-tuned, 3 times as long', { epochs: 3 * epochs }),
      ],
      seeds: Array.from({ length: Number(values.seeds) }, (_, seed) => seed),
    },
  },
})) as TrainingSweep;

const table = [
  ['row', 'top-1', 'seeds', 'against the first row (95 %)', 'verdict'],
  ['---', '---', '---', '---', '---'],
  ...answerCells(sweep),
];
process.stdout.write(table.map((cells) => `| ${cells.join(' | ')} |\n`).join(''));
const { difference } = answersOf(sweep).find(({ row }) => row === rowNames.tuned) ?? {};
const isBetter = difference?.verdict === 'better' && (difference.mean ?? 0) >= Number(values.margin);
process.exitCode = isBetter ? 0 : 1;

/** Trains as a person would, in a folder of its own, or goes on with it. */
async function finish(manifest: { kind: string; name: string; spec: object }): Promise<unknown> {
  const { kind, name } = manifest;
  const file = join(folder, `${name}.json`);
  const whole = { apiVersion: 'ringmaster.dev/v1alpha1', kind, metadata: { name }, spec: manifest.spec };
  await writeFile(file, JSON.stringify(whole));
  const gpus = values.gpus === undefined ? [] : ['--gpus', values.gpus];
  return ringmaster('run', file, '--dir', join(folder, name), ...gpus);
}
