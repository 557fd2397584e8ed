import { z } from 'zod';
import { Uri } from './scalars.ts';

export const presetNames = ['baseline', 'efficient', 'bag-of-tricks', 'fine-tune'] as const;

/* Each part is written once with every field required; a manifest may leave out any of them, and the preset fills in. */

const Optimizer = z.strictObject({
  name: z
    .enum(['nesterov', 'sgd'])
    .describe('nesterov: stochastic gradient descent with Nesterov momentum. sgd: with plain momentum.'),
  momentum: z.number().min(0).lt(1).describe('Momentum. Published code: 0.9.'),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .describe('L2 penalty, added to the gradient once, after the all-reduce. Published code: 1e-4.'),
  decayBiasAndNorm: z
    .boolean()
    .describe(
      'Whether biases and batch-norm scales and offsets decay too. false is the trick "no bias decay" (paper, section 3.1).',
    ),
});

const LearningRate = z.strictObject({
  base: z.number().gt(0).max(100).describe('Learning rate for a batch of `per` images. Paper: 0.1 for 256.'),
  per: z.int().min(1).max(65_536).describe('The batch size that `base` is meant for.'),
  scaling: z
    .enum(['linear', 'none'])
    .describe('linear: base x batchSize / per (paper, section 3.1). none: base as it is.'),
  warmupEpochs: z
    .number()
    .min(0)
    .max(1000)
    .describe('Epochs over which the rate rises linearly from 0 (paper, section 3.1). 0 turns it off.'),
  schedule: z
    .enum(['cosine', 'step', 'constant'])
    .describe(
      'After warm-up. cosine: half a cosine down to 0 (paper, section 5.1). step: times `factor` at each milestone.',
    ),
  milestones: z
    .array(z.number().gt(0).max(100_000))
    .max(32)
    .describe('Epochs at which the step schedule drops.'),
  factor: z.number().gt(0).lt(1).describe('What the step schedule multiplies by.'),
});

const Precision = z.strictObject({
  compute: z
    .enum(['float32', 'float16', 'bfloat16'])
    .describe(
      'Type of activations and gradients; master weights, statistics and loss stay float32 (paper, section 3.2).',
    ),
  lossScale: z
    .enum(['dynamic', 'none'])
    .describe(
      'dynamic: start at 32,768, double after 2,000 finite steps, halve and skip the step on overflow. Only float16 needs it.',
    ),
});

const Mixup = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .max(10)
    .describe(
      'Parameter of the Beta distribution of the mixing weight (paper, section 5.4: 0.2). 0 turns mixup off.',
    ),
});

const Distillation = z.strictObject({
  teacher: Uri.describe('The model.safetensors of the teacher, of any depth and variant.'),
  temperature: z
    .number()
    .gt(0)
    .max(1000)
    .default(20)
    .describe('Softmax temperature (paper, section 5.3: 20). Default 20.'),
  weight: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe('Weight of the distillation loss. Paper: 1. Default 1.'),
});

const parts = {
  epochs: z.int().min(1).max(100_000).describe('Passes over the training images.'),
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .describe('Images a step over all ranks together. A multiple of the number of ranks.'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .describe(
      'Probability taken from the true class and given to all others (paper, section 5.2: 0.1). 0 turns it off.',
    ),
  seed: z.int().min(0).max(2_147_483_647).describe('Decides initial weights, order and augmentation.'),
};

/** How to train, as a user writes it: a preset and what to change of it. */
export const Recipe = z.strictObject({
  preset: z
    .enum(presetNames)
    .default('bag-of-tricks')
    .describe(
      'Where fields that are not given come from. baseline: paper, section 2. efficient: section 3. bag-of-tricks: sections 3 to 5 without a teacher. fine-tune: short, for pretrained weights. Default bag-of-tricks.',
    ),
  epochs: parts.epochs.optional(),
  batchSize: parts.batchSize.optional(),
  optimizer: Optimizer.partial().optional().describe("Default: the preset's."),
  learningRate: LearningRate.partial().optional().describe("Default: the preset's."),
  precision: Precision.partial().optional().describe("Default: the preset's."),
  labelSmoothing: parts.labelSmoothing.optional(),
  mixup: Mixup.optional().describe("Train on mixed pairs of images. Default: the preset's."),
  distillation: Distillation.optional().describe('Learn from a trained teacher too. Default: no teacher.'),
  seed: parts.seed.optional(),
});
export type Recipe = z.output<typeof Recipe>;

/** How to train with every question answered: what a pod is given. */
export const ResolvedRecipe = z.strictObject({
  ...parts,
  optimizer: Optimizer,
  learningRate: LearningRate,
  precision: Precision,
  mixup: Mixup,
  distillation: Distillation.optional(),
});
export type ResolvedRecipe = z.output<typeof ResolvedRecipe>;
