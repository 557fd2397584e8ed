import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { writeSmallDataSet } from '../fixtures/small-data-set.ts';
import { runOf } from './cluster-of-runs.ts';

/**
 * Writes what a person has in a folder: data of two kinds, the manifest of a run that takes seconds here (`small.yaml`),
 * of one that the cluster has (`letters.yaml`), of a new one (`fresh.yaml`), and of one with an error (`wrong.yaml`).
 */
export async function writeFolderOfWork(folder: string): Promise<void> {
  await writeSmallDataSet(join(folder, 'data'), { training: 64, validation: 40 });
  for (const animal of ['cat', 'dog']) {
    await mkdir(join(folder, 'images', animal), { recursive: true });
    for (const name of ['1.jpg', '2.jpg']) await writeFile(join(folder, 'images', animal, name), 'an image');
  }
  const manifests = {
    small: { ...runOf('small'), spec: smallSpec },
    letters: runOf('letters'),
    fresh: runOf('fresh'),
    wrong: { ...runOf('wrong'), spec: { ...runOf('wrong').spec, recipe: { epoch: 0 } } },
  };
  for (const [name, manifest] of Object.entries(manifests))
    await writeFile(join(folder, `${name}.yaml`), dump(manifest));
}

const smallSpec = {
  model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
  data: { format: 'fashion-mnist', train: './data', augmentation: 'none' },
  recipe: {
    epochs: 2,
    batchSize: 64,
    learningRate: { warmupEpochs: 1 },
    precision: { compute: 'float32', lossScale: 'none' },
  },
  trainers: { gpusPerPod: 1 },
  checkpoints: { uri: './checkpoints', keep: { last: 1 } },
};
