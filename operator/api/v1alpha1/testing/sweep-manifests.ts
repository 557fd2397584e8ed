/** Plain manifests of sweeps, for tests of everything that reads one. */

/** What the trials of these manifests train. */
export const runTemplate = {
  model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
  data: { format: 'fashion-mnist', train: '/data' },
  recipe: { preset: 'baseline', epochs: 8, batchSize: 128 },
  trainers: { gpusPerPod: 1 },
  checkpoints: { uri: '/checkpoints' },
};

/** A valid search with the fewest fields, with parts of its spec replaced. */
export function searchManifest(spec: object = {}, name = 'search') {
  return sweepManifest(name, {
    parameters: [{ path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } }],
    maxTrials: 8,
    ...spec,
  });
}

/** A valid ablation with the fewest fields, with parts of its spec replaced. */
export function ablationManifest(spec: object = {}, name = 'table') {
  return sweepManifest(name, {
    ablation: {
      rows: [
        { name: 'baseline' },
        { name: '+ cosine', set: { recipe: { learningRate: { schedule: 'cosine' } } } },
        { name: '+ smoothing', set: { recipe: { labelSmoothing: 0.1 } } },
      ],
    },
    ...spec,
  });
}

function sweepManifest(name: string, spec: object) {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingSweep',
    metadata: { name, namespace: 'default' },
    spec: { runTemplate, ...spec },
  };
}

/** What is wrong with a sweep: the part of its spec, the field that is named, and words of the message. */
export interface BadSweep {
  readonly what: string;
  readonly manifest: ReturnType<typeof searchManifest>;
  readonly field: string;
  readonly says: string;
}

const rate = { path: 'recipe.learningRate.base' };

/** Refused by the API server and by the command line alike. */
export const badSweeps: readonly BadSweep[] = [
  {
    what: 'a name too long for its trials',
    manifest: searchManifest({}, 'a'.repeat(47)),
    field: 'metadata.name',
    says: 'at most 46 characters',
  },
  {
    what: 'a name that is no host name',
    manifest: searchManifest({}, '1st'),
    field: 'metadata.name',
    says: 'must begin with a letter',
  },
  {
    what: 'nothing to try',
    manifest: searchManifest({ parameters: undefined }),
    field: 'spec.parameters',
    says: 'either parameters or ablation',
  },
  {
    what: 'parameters and a table',
    manifest: searchManifest({ ablation: { rows: [{ name: 'a' }] } }),
    field: 'spec.parameters',
    says: 'either parameters or ablation',
  },
  {
    what: 'a parameter of no field of a run',
    manifest: searchManifest({ parameters: [{ path: 'recipe.lerningRate.base', values: [1] }] }),
    field: 'spec.parameters[0].path',
    says: 'recipe.learningRate.base',
  },
  {
    what: 'a parameter of two ranges',
    manifest: searchManifest({
      parameters: [{ ...rate, double: { min: 0, max: 1 }, int: { min: 0, max: 1 } }],
    }),
    field: 'spec.parameters',
    says: 'exactly one of double, int and values',
  },
  {
    what: 'an empty list of values',
    manifest: searchManifest({ parameters: [{ ...rate, values: [] }] }),
    field: 'spec.parameters[0].values',
    says: 'at least 1 items',
  },
  {
    what: 'an empty range',
    manifest: searchManifest({ parameters: [{ ...rate, double: { min: 1, max: 1 } }] }),
    field: 'spec.parameters',
    says: 'must be less than max',
  },
  {
    what: 'a range of whole numbers upside down',
    manifest: searchManifest({ parameters: [{ path: 'recipe.epochs', int: { min: 9, max: 8 } }] }),
    field: 'spec.parameters',
    says: 'must not be greater than max',
  },
  {
    what: 'a logarithm of zero',
    manifest: searchManifest({ parameters: [{ ...rate, double: { min: 0, max: 1, scale: 'log' } }] }),
    field: 'spec.parameters',
    says: 'greater than 0 when scale is log',
  },
  {
    what: 'a grid over a range of numbers',
    manifest: searchManifest({ search: { algorithm: 'grid' } }),
    field: 'spec.search.algorithm',
    says: 'a grid needs values or int',
  },
  {
    what: 'a search without an end',
    manifest: searchManifest({ maxTrials: undefined }),
    field: 'spec.maxTrials',
    says: 'need maxTrials',
  },
  {
    what: 'more trials than a status can hold',
    manifest: searchManifest({ maxTrials: 1001 }),
    field: 'spec.maxTrials',
    says: '1000',
  },
  {
    what: 'a scale that ends below where it begins',
    manifest: searchManifest({ autoscaling: { min: 4, max: 2 } }),
    field: 'spec.autoscaling.min',
    says: 'must not be greater than autoscaling.max',
  },
  {
    what: 'a table whose rows may be stopped early',
    manifest: ablationManifest({ stopping: { algorithm: 'asha' } }),
    field: 'spec.stopping.algorithm',
    says: 'set stopping.algorithm to none',
  },
  {
    what: 'trials that go before the sweep has counted them',
    manifest: searchManifest({ runTemplate: { ...runTemplate, ttlAfterFinished: '1h' } }),
    field: 'spec.runTemplate.ttlAfterFinished',
    says: 'set ttlAfterFinished',
  },
  {
    what: 'a template that is no valid run',
    manifest: searchManifest({ runTemplate: { ...runTemplate, trainers: { gpusPerPod: 3 } } }),
    field: 'spec.runTemplate.recipe.batchSize',
    says: 'multiple of the number of ranks',
  },
  {
    what: 'a row that sets no field of a run',
    manifest: ablationManifest({
      ablation: { rows: [{ name: 'a', set: { recipe: { learningRate: { schedule: 'linear' } } } }] },
    }),
    field: 'spec.ablation.rows[0].set.recipe.learningRate.schedule',
    says: 'cosine',
  },
];

/** Lists that hold something twice; server and command line name the item, each in its own words. */
export const repeatingSweeps: readonly Omit<BadSweep, 'says'>[] = [
  {
    what: 'a parameter twice',
    manifest: searchManifest({
      parameters: [
        { ...rate, values: [1] },
        { ...rate, values: [2] },
      ],
    }),
    field: 'spec.parameters[1]',
  },
  {
    what: 'a value twice',
    manifest: searchManifest({ parameters: [{ ...rate, values: [1, 2, 1] }] }),
    field: 'spec.parameters[0].values[2]',
  },
  {
    what: 'a row twice',
    manifest: ablationManifest({ ablation: { rows: [{ name: 'a' }, { name: 'a' }] } }),
    field: 'spec.ablation.rows[1]',
  },
  {
    what: 'a seed twice',
    manifest: ablationManifest({ ablation: { rows: [{ name: 'a' }], seeds: [1, 1] } }),
    field: 'spec.ablation.seeds[1]',
  },
];
