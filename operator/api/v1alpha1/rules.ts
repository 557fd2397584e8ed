import { isDeepStrictEqual } from 'node:util';
import { largeDepths, smallDepths } from './model.ts';
import { resolveRecipe } from './presets.ts';
import type { TrainingRunSpec } from './spec.ts';

/**
 * A rule that spans fields, written twice side by side: in CEL for the API server and in TypeScript for the command line
 * and the embedded store. The contract suite holds the two to the same verdicts.
 */
export interface Rule<T> {
  /** CEL; true means valid. */
  readonly cel: string;
  readonly check: (value: T, old?: T) => boolean;
  /** Names the fields and the cure. */
  readonly message: string;
  /** The field to show next to the message, below the object that the rule stands on. */
  readonly path: readonly string[];
}

/** The rules as a CRD carries them; the server shows the message next to the field that it is about. */
export function toCel<T>(rules: readonly Rule<T>[]): { rule: string; message: string; fieldPath: string }[] {
  return rules.map(({ cel, message, path }) => {
    // The server knows no fields below metadata, whose schema is its own.
    const known = path[0] === 'metadata' ? ['metadata'] : path;
    return { rule: cel, message, fieldPath: `.${known.join('.')}` };
  });
}

const isOneOf = (values: readonly number[], value: number) => values.includes(value);
/** What training depends on. Other fields of `trainers` say where pods go, and take effect with the next attempt. */
const trainingFields = ['model', 'data', 'recipe', 'checkpoints'] as const;
const gangFields = ['pods', 'gpusPerPod', 'gpuResourceName'] as const;

/** CEL: a field that may be absent is as it was. Optional types (`.?`) are costed as if they had no bounds. */
function sameOptional(parent: string, field: string): string {
  const old = parent.replace('self', 'oldSelf');
  return `has(${parent}.${field}) == has(${old}.${field}) && (!has(${parent}.${field}) || ${parent}.${field} == ${old}.${field})`;
}

const worldSize = (spec: TrainingRunSpec) => spec.trainers.pods * spec.trainers.gpusPerPod;

/** Longest run name: a pod is named `<run>-<attempt>-<index>` and its name is a host name of at most 63 characters. */
export const maxRunNameLength = 50;

export const runNameRules: readonly Rule<{ metadata: { name?: string } }>[] = [
  {
    cel: `size(self.metadata.name) <= ${maxRunNameLength}`,
    check: ({ metadata }) => (metadata.name ?? '').length <= maxRunNameLength,
    message: `metadata.name must be at most ${maxRunNameLength} characters, as pods and host names are made from it`,
    path: ['metadata', 'name'],
  },
  {
    cel: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    check: ({ metadata }) => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(metadata.name ?? ''),
    message:
      'metadata.name must begin with a letter and consist of lower-case letters, digits and -, as it becomes a host name',
    path: ['metadata', 'name'],
  },
];

export const specRules: readonly Rule<TrainingRunSpec>[] = [
  {
    cel: 'self.managedBy == oldSelf.managedBy',
    check: (spec, old) => old === undefined || spec.managedBy === old.managedBy,
    message: 'managedBy cannot be changed; make a new run',
    path: ['managedBy'],
  },
  {
    cel: `self.suspend || oldSelf.suspend || (${[
      ...trainingFields.map((field) => `self.${field} == oldSelf.${field}`),
      ...gangFields.map((field) => `self.trainers.${field} == oldSelf.trainers.${field}`),
      sameOptional('self', 'resumeFrom'),
      sameOptional('self.trainers', 'image'),
    ].join(' && ')})`,
    check: (spec, old) =>
      old === undefined ||
      spec.suspend ||
      old.suspend ||
      (trainingFields.every((field) => isDeepStrictEqual(spec[field], old[field])) &&
        gangFields.every((field) => spec.trainers[field] === old.trainers[field]) &&
        spec.resumeFrom === old.resumeFrom &&
        spec.trainers.image === old.trainers.image),
    message:
      'model, data, recipe, resumeFrom, checkpoints and the size and image of trainers can be changed only while suspend is true; set suspend, or make a new run',
    path: ['suspend'],
  },
  {
    cel: `self.model.stem != 'small' || self.model.depth in [${smallDepths.join(', ')}]`,
    check: ({ model }) => model.stem !== 'small' || isOneOf(smallDepths, model.depth),
    message: `model.depth must be one of ${smallDepths.join(', ')} when model.stem is small`,
    path: ['model', 'depth'],
  },
  {
    cel: `self.model.stem != 'imagenet' || self.model.depth in [${largeDepths.join(', ')}]`,
    check: ({ model }) => model.stem !== 'imagenet' || isOneOf(largeDepths, model.depth),
    message: `model.depth must be one of ${largeDepths.join(', ')} when model.stem is imagenet; set model.stem to small for the others`,
    path: ['model', 'depth'],
  },
  {
    cel: "self.data.format == 'fashion-mnist' || has(self.data.validation)",
    check: ({ data }) => data.format === 'fashion-mnist' || data.validation !== undefined,
    message: 'data.validation is needed; only a folder of fashion-mnist holds both sets',
    path: ['data', 'validation'],
  },
  {
    cel: '!has(self.data.crop) || (has(self.data.crop.minArea) ? self.data.crop.minArea : 0.08) <= (has(self.data.crop.maxArea) ? self.data.crop.maxArea : 1.0)',
    check: ({ data: { crop } }) => (crop?.minArea ?? 0.08) <= (crop?.maxArea ?? 1),
    message: 'data.crop.minArea (default 0.08) must not be more than data.crop.maxArea (default 1)',
    path: ['data', 'crop'],
  },
  {
    cel: '!has(self.data.crop) || (has(self.data.crop.minAspect) ? self.data.crop.minAspect : 0.75) <= (has(self.data.crop.maxAspect) ? self.data.crop.maxAspect : 1.3333)',
    check: ({ data: { crop } }) => (crop?.minAspect ?? 0.75) <= (crop?.maxAspect ?? 1.3333),
    message: 'data.crop.minAspect (default 0.75) must not be more than data.crop.maxAspect (default 1.3333)',
    path: ['data', 'crop'],
  },
  {
    cel: "!has(self.data.shuffle) || self.data.format in ['tfrecord', 'webdataset']",
    check: ({ data }) =>
      data.shuffle === undefined || data.format === 'tfrecord' || data.format === 'webdataset',
    message: 'data.shuffle is for data.format tfrecord and webdataset, which have shards; leave it out',
    path: ['data', 'shuffle'],
  },
  {
    cel: '!has(self.recipe.batchSize) || self.recipe.batchSize % (self.trainers.pods * self.trainers.gpusPerPod) == 0',
    check: (spec) => spec.recipe.batchSize === undefined || spec.recipe.batchSize % worldSize(spec) === 0,
    message:
      'recipe.batchSize must be a multiple of the number of ranks, trainers.pods x trainers.gpusPerPod',
    path: ['recipe', 'batchSize'],
  },
  {
    // The sizes of the presets are 256 and 1024; CEL cannot look them up.
    cel: "has(self.recipe.batchSize) || (self.recipe.preset in ['baseline', 'fine-tune'] ? 256 : 1024) % (self.trainers.pods * self.trainers.gpusPerPod) == 0",
    check: (spec) =>
      spec.recipe.batchSize !== undefined || resolveRecipe(spec.recipe).batchSize % worldSize(spec) === 0,
    message:
      "the preset's batch size is not a multiple of the number of ranks, trainers.pods x trainers.gpusPerPod; set recipe.batchSize",
    path: ['recipe', 'batchSize'],
  },
  {
    cel: '!has(self.recipe.learningRate) || !has(self.recipe.learningRate.warmupEpochs) || !has(self.recipe.epochs) || self.recipe.learningRate.warmupEpochs < double(self.recipe.epochs)',
    check: ({ recipe }) =>
      recipe.learningRate?.warmupEpochs === undefined ||
      recipe.epochs === undefined ||
      recipe.learningRate.warmupEpochs < recipe.epochs,
    message: 'recipe.learningRate.warmupEpochs must be less than recipe.epochs',
    path: ['recipe', 'learningRate', 'warmupEpochs'],
  },
  {
    // A short run of a preset with a long warm-up would never leave it.
    cel: "!has(self.recipe.epochs) || (has(self.recipe.learningRate) && has(self.recipe.learningRate.warmupEpochs)) || self.recipe.preset in ['baseline', 'fine-tune'] || self.recipe.epochs > 5",
    check: ({ recipe }) =>
      recipe.epochs === undefined ||
      recipe.learningRate?.warmupEpochs !== undefined ||
      resolveRecipe(recipe).learningRate.warmupEpochs < recipe.epochs,
    message:
      "recipe.epochs is not more than the preset's 5 epochs of warm-up; set recipe.learningRate.warmupEpochs",
    path: ['recipe', 'epochs'],
  },
  {
    cel: "!has(self.recipe.fineTuning) || self.model.stem != 'small' || self.recipe.fineTuning.frozenStages <= 4",
    check: ({ model, recipe }) => model.stem !== 'small' || (recipe.fineTuning?.frozenStages ?? 0) <= 4,
    message:
      'recipe.fineTuning.frozenStages must be at most 4 when model.stem is small, which has a stem and three stages',
    path: ['recipe', 'fineTuning', 'frozenStages'],
  },
  {
    cel: '!has(self.recipe.fineTuning) || has(self.model.pretrained) || has(self.resumeFrom) || (self.recipe.fineTuning.frozenStages == 0 && !self.recipe.fineTuning.frozenBatchNorm)',
    check: ({ model, recipe: { fineTuning }, resumeFrom }) =>
      fineTuning === undefined ||
      model.pretrained !== undefined ||
      resumeFrom !== undefined ||
      (fineTuning.frozenStages === 0 && !fineTuning.frozenBatchNorm),
    message:
      'recipe.fineTuning freezes initial values, which are random; name trained weights in model.pretrained',
    path: ['recipe', 'fineTuning'],
  },
  {
    cel: 'has(self.checkpoints.every.epochs) != has(self.checkpoints.every.steps)',
    check: ({ checkpoints: { every } }) => (every.epochs === undefined) !== (every.steps === undefined),
    message: 'checkpoints.every needs either epochs or steps, not both',
    path: ['checkpoints', 'every'],
  },
  {
    cel: "!has(self.trainers.env) || self.trainers.env.all(e, !e.name.startsWith('RINGMASTER_'))",
    check: ({ trainers }) => (trainers.env ?? []).every(({ name }) => !name.startsWith('RINGMASTER_')),
    message: 'trainers.env names must not begin with RINGMASTER_, which the operator sets',
    path: ['trainers', 'env'],
  },
  {
    cel: '!has(self.trainers.volumes) || self.trainers.volumes.all(v, [has(v.persistentVolumeClaim), has(v.secret), has(v.configMap), has(v.emptyDir)].filter(x, x).size() == 1)',
    check: ({ trainers }) =>
      (trainers.volumes ?? []).every(
        (volume) =>
          [volume.persistentVolumeClaim, volume.secret, volume.configMap, volume.emptyDir].filter(
            (source) => source !== undefined,
          ).length === 1,
      ),
    message:
      'each of trainers.volumes needs exactly one of persistentVolumeClaim, secret, configMap or emptyDir',
    path: ['trainers', 'volumes'],
  },
  {
    cel: "self.scheduling.gang != 'kueue' || has(self.scheduling.queueName)",
    check: ({ scheduling }) => scheduling.gang !== 'kueue' || scheduling.queueName !== undefined,
    message: 'scheduling.gang kueue needs scheduling.queueName',
    path: ['scheduling', 'queueName'],
  },
  {
    cel: '!has(self.scheduling.queuePriorityClass) || has(self.scheduling.queueName)',
    check: ({ scheduling }) =>
      scheduling.queuePriorityClass === undefined || scheduling.queueName !== undefined,
    message: 'scheduling.queuePriorityClass needs scheduling.queueName, as it orders the runs of a queue',
    path: ['scheduling', 'queuePriorityClass'],
  },
];
