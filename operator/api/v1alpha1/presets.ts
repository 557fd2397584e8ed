import { ResolvedRecipe, type Recipe, type presetNames } from './recipe.ts';

type PresetName = (typeof presetNames)[number];

/** Paper, section 2: the procedure everything is compared with. Momentum and decay are the published code's. */
const baseline: ResolvedRecipe = {
  epochs: 120,
  batchSize: 256,
  optimizer: {
    name: 'nesterov',
    velocity: 'gradient',
    momentum: 0.9,
    weightDecay: 1e-4,
    decayBiasAndNorm: true,
  },
  learningRate: {
    base: 0.1,
    per: 256,
    scaling: 'none',
    warmupEpochs: 0,
    schedule: 'step',
    milestones: [30, 60, 90],
    factor: 0.1,
    form: 'paper',
  },
  precision: { compute: 'float32', lossScale: 'none', lossScaleValue: 32_768 },
  labelSmoothing: 0,
  labelSmoothingForm: 'paper',
  accumulationSteps: 1,
  mixup: { alpha: 0 },
  seed: 0,
};

/** Paper, section 3: large batches and half precision at no loss of accuracy. */
const efficient: ResolvedRecipe = {
  ...baseline,
  batchSize: 1024,
  optimizer: { ...baseline.optimizer, decayBiasAndNorm: false },
  learningRate: { ...baseline.learningRate, scaling: 'linear', warmupEpochs: 5 },
  precision: { ...baseline.precision, compute: 'float16', lossScale: 'dynamic' },
};

/** Recipes as data; `spec.recipe` overrides any field. */
export const presets: Readonly<Record<PresetName, ResolvedRecipe>> = {
  baseline,
  efficient,
  /** Paper, section 5: cosine, label smoothing and mixup; mixup asks for 200 epochs. */
  'bag-of-tricks': {
    ...efficient,
    epochs: 200,
    learningRate: { ...efficient.learningRate, schedule: 'cosine' },
    labelSmoothing: 0.1,
    mixup: { alpha: 0.2 },
  },
  /** For pretrained weights: a tenth of the rate, no warm-up, few epochs. */
  'fine-tune': {
    ...baseline,
    epochs: 20,
    optimizer: { ...baseline.optimizer, decayBiasAndNorm: false },
    learningRate: { ...baseline.learningRate, base: 0.01, scaling: 'linear', schedule: 'cosine' },
    labelSmoothing: 0.1,
  },
};

/** The preset of a recipe with the recipe's own fields laid over it. */
export function resolveRecipe(recipe: Recipe): ResolvedRecipe {
  const preset = presets[recipe.preset];
  return ResolvedRecipe.parse({
    epochs: recipe.epochs ?? preset.epochs,
    batchSize: recipe.batchSize ?? preset.batchSize,
    optimizer: { ...preset.optimizer, ...recipe.optimizer },
    learningRate: { ...preset.learningRate, ...recipe.learningRate },
    precision: { ...preset.precision, ...recipe.precision },
    labelSmoothing: recipe.labelSmoothing ?? preset.labelSmoothing,
    labelSmoothingForm: recipe.labelSmoothingForm ?? preset.labelSmoothingForm,
    accumulationSteps: recipe.accumulationSteps ?? preset.accumulationSteps,
    mixup: recipe.mixup ?? preset.mixup,
    distillation: recipe.distillation ?? preset.distillation,
    averaging: recipe.averaging ?? preset.averaging,
    fineTuning: recipe.fineTuning ?? preset.fineTuning,
    seed: recipe.seed ?? preset.seed,
  });
}
