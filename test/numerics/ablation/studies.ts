import { resolveSpec, type ResolvedSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { SpecFields, type TrainingRunSpecInput } from '../../../operator/api/v1alpha1/spec.ts';

/** A question, the runs that answer it, and what the answer must be. */
export interface Study {
  readonly question: string;
  /** The first row is what the others are compared with, seed by seed. */
  readonly rows: Readonly<Record<string, RowChanges>>;
  readonly claims: readonly Claim[];
}

export interface RowChanges {
  readonly model?: TrainingRunSpecInput['model'];
  readonly recipe?: TrainingRunSpecInput['recipe'];
}

/** What must hold of the mean over seeds of top-1 of two rows, in points. */
export type Claim =
  | { readonly kind: 'beats'; readonly row: string; readonly other: string }
  | { readonly kind: 'within'; readonly row: string; readonly other: string; readonly points: number };

type Recipe = NonNullable<TrainingRunSpecInput['recipe']>;

/** ResNet-8 on all of Fashion-MNIST, in the pilot's way: crop and flip, decay of everything, no tricks. */
function recipe(changes: Recipe): Recipe {
  return {
    preset: 'baseline',
    ...changes,
    learningRate: { scaling: 'linear', per: 128, schedule: 'cosine', ...changes.learningRate },
  };
}

/** A large batch for the data: 1,024 images, 8 times the batch that the rate of 0.1 is for. */
const large = (changes: Recipe = {}) =>
  recipe({
    ...{ batchSize: 1024, epochs: 10 },
    ...changes,
    learningRate: { warmupEpochs: 2, ...changes.learningRate },
  });

const threeEpochs = { batchSize: 128, epochs: 3 };

export const studies: Readonly<Record<string, Study>> = {
  half: {
    question: 'Does half precision cost accuracy?',
    rows: {
      float32: { recipe: recipe(threeEpochs) },
      float16: {
        recipe: recipe({ ...threeEpochs, precision: { compute: 'float16', lossScale: 'dynamic' } }),
      },
      bfloat16: { recipe: recipe({ ...threeEpochs, precision: { compute: 'bfloat16' } }) },
    },
    claims: [
      { kind: 'within', row: 'float16', other: 'float32', points: 0.5 },
      { kind: 'within', row: 'bfloat16', other: 'float32', points: 0.5 },
    ],
  },
  'large-batch': {
    question: 'What does a batch of 1,024 need?',
    rows: {
      'linear scaling, warm-up, cosine': { recipe: large() },
      'rate not scaled': { recipe: large({ learningRate: { scaling: 'none', warmupEpochs: 0 } }) },
      'step decay': {
        recipe: large({ learningRate: { schedule: 'step', milestones: [2.5, 5, 7.5] } }),
      },
    },
    claims: [
      { kind: 'beats', row: 'linear scaling, warm-up, cosine', other: 'rate not scaled' },
      { kind: 'beats', row: 'linear scaling, warm-up, cosine', other: 'step decay' },
    ],
  },
  tricks: {
    question: 'What do the other tricks do in ten epochs? (No claim.)',
    rows: {
      plain: { recipe: large() },
      'no warm-up': { recipe: large({ learningRate: { warmupEpochs: 0 } }) },
      'zero gamma': { model: { zeroGamma: true }, recipe: large() },
      'no bias decay': { recipe: large({ optimizer: { decayBiasAndNorm: false } }) },
      'variant D': { model: { variant: 'D' }, recipe: large() },
      'label smoothing': { recipe: large({ labelSmoothing: 0.1 }) },
      mixup: { recipe: large({ mixup: { alpha: 0.2 } }) },
      averages: { recipe: large({ averaging: { decay: 0.99 } }) },
    },
    claims: [],
  },
};

/** What the trainer is given for a row. */
export function specOf(
  { model, recipe: changes }: RowChanges,
  dataFolder: string,
  seed: number,
): ResolvedSpec {
  return resolveSpec(
    SpecFields.parse({
      model: {
        ...{ depth: 8, variant: 'A', stem: 'small', classes: 10, imageSize: 28, channels: 1 },
        ...{ zeroGamma: false, ...model },
      },
      data: { format: 'fashion-mnist', train: dataFolder, augmentation: 'light' },
      recipe: { ...changes, seed },
      trainers: { gpusPerPod: 1 },
      checkpoints: { uri: '/none' },
    }),
  );
}
