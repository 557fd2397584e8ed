import * as z from 'zod';
import { Uri } from './scalars.ts';

export const presetNames = ['baseline', 'efficient', 'bag-of-tricks', 'fine-tune'] as const;

/* Each part is written once with every field required; a manifest may leave out any of them, and the preset fills in. */

const Optimizer = z.strictObject({
  name: z
    .enum(['nesterov', 'sgd'])
    .describe('nesterov: stochastic gradient descent with Nesterov momentum. sgd: with plain momentum.'),
  velocity: z
    .enum(['gradient', 'update'])
    .describe(
      'What momentum accumulates. gradient: gradients, the learning rate outside (PyTorch and the code of the paper). update: gradients times the learning rate of their step (Keras and newer MXNet). They differ when the rate changes.',
    ),
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
  form: z
    .enum(['paper', 'code'])
    .describe(
      'paper: batches count from 1, so that the first has a rate above 0 and the last of a cosine 0. code: from 0, as in the published code, its logs and Keras.',
    ),
});

const Precision = z.strictObject({
  compute: z
    .enum(['float32', 'float16', 'bfloat16'])
    .describe(
      'Type of activations and gradients; master weights, statistics and loss stay float32 (paper, section 3.2).',
    ),
  lossScale: z
    .enum(['dynamic', 'static', 'none'])
    .describe(
      'Factor of the loss that keeps small gradients from vanishing in half precision. dynamic: start at lossScaleValue, double after 2,000 finite steps, halve and take the step again on overflow. static: always lossScaleValue. Only float16 needs it.',
    ),
  lossScaleValue: z
    .number()
    .min(1)
    .max(16_777_216)
    .describe(
      'The static loss scale, or where the dynamic one starts: 32,768 as in Keras. A power of two rounds nothing.',
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
    .describe(
      'Weight of the distillation loss, which is multiplied by the squared temperature besides. Paper: 1; published code: 0.5. Default 1.',
    ),
  hardWeight: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe('Weight of the loss of the labels beside it. Paper: 1; published code: 0.5. Default 1.'),
});

const Averaging = z.strictObject({
  decay: z
    .number()
    .gt(0)
    .lt(1)
    .describe('How much of the average each step keeps: 0.9999 averages over the last 10,000 steps or so.'),
});

const FineTuning = z.strictObject({
  frozenStages: z
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe(
      'How many parts, counted from the image, stay as they are, their batch normalisations by running statistics included: 1 is the stem, 2 the stem and the first stage, and so on. With stem small at most 4. Default 0.',
    ),
  frozenBatchNorm: z
    .boolean()
    .default(false)
    .describe(
      'Normalise by the running statistics and leave them, the scales and the offsets of all batch normalisations as they are, for few images a rank (as detection frameworks do). Default false.',
    ),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'Factor of the learning rate for each part nearer to the image: with 0.5 the last stage learns at half the rate, the stage before it at a quarter (Howard and Ruder 2018, section 3.2). Default 1, all alike.',
    ),
  classifierRate: z
    .number()
    .gt(0)
    .max(1000)
    .default(1)
    .describe('Factor of the learning rate of the classifier, which may be new. Default 1.'),
});
export type FineTuning = z.output<typeof FineTuning>;

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
      'Probability taken from the true class and given to the others (paper, section 5.2: 0.1). 0 turns it off.',
    ),
  labelSmoothingForm: z
    .enum(['paper', 'code'])
    .describe(
      'paper: the others are all classes but the true one. code: all classes, as in the published code and Keras.',
    ),
  accumulationSteps: z
    .int()
    .min(1)
    .max(1024)
    .describe(
      'Pieces in which each rank computes its share of the batch, one after the other, when it does not fit into memory at once. The gradients add up, so learning rate and loss are those of the whole batch; batch normalisation sees one piece.',
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
  labelSmoothingForm: parts.labelSmoothingForm.optional(),
  accumulationSteps: parts.accumulationSteps.optional(),
  mixup: Mixup.optional().describe("Train on mixed pairs of images. Default: the preset's."),
  distillation: Distillation.optional().describe('Learn from a trained teacher too. Default: no teacher.'),
  averaging: Averaging.optional().describe(
    'Keep an exponential moving average of the weights beside them, and evaluate and save that. Default: none.',
  ),
  fineTuning: FineTuning.optional().describe(
    'Which parts of pretrained weights stay as they are, and how fast the others learn. Default: all parts learn alike.',
  ),
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
  averaging: Averaging.optional(),
  fineTuning: FineTuning.optional(),
});
export type ResolvedRecipe = z.output<typeof ResolvedRecipe>;
