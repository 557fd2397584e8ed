/** A manifest that must be refused. */
export interface BadManifest {
  readonly what: string;
  /** Parts of `spec` that replace those of a small valid run; `undefined` leaves one out. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Default `run`. */
  readonly name?: string;
  /** The field that both the server and the command line must name. */
  readonly field: string;
  /** What the server must say about it. */
  readonly says: string;
}

const uris = 'must be s3://bucket/key, file:///path or a path that begins with / or ./';
const durations = 'must be a duration such as 90s, 10m or 2h30m';
const quantities = 'must be a quantity such as 4, 500m or 200Gi';
const objectNames = 'must be the name of an object: lower-case letters, digits, - and .';
const checkpoints = { uri: '/checkpoints' };
const data = { format: 'fashion-mnist', train: '/data' };
const standard = [104, 117, 124];
const volume = { name: 'scratch', mountPath: '/scratch' };
const env = (name: string) => ({ name, value: 'x' });

/** Every kind of mistake, in the order of the fields. */
export const badManifests: readonly BadManifest[] = [
  // metadata
  {
    what: 'a name too long for host names',
    name: 'a'.repeat(51),
    field: 'metadata.name',
    says: 'must be at most 50 characters',
  },
  {
    what: 'a name that begins with a digit',
    name: '1st',
    field: 'metadata.name',
    says: 'must begin with a letter',
  },
  {
    what: 'a name with a dot',
    name: 'a.b',
    field: 'metadata.name',
    says: 'lower-case letters, digits and -',
  },

  // spec itself
  { what: 'an unknown field', spec: { epochs: 3 }, field: 'spec.epochs', says: 'unknown field' },
  {
    what: 'suspend as a text',
    spec: { suspend: 'true' },
    field: 'spec.suspend',
    says: 'must be of type boolean',
  },
  {
    what: 'a manager that is no text',
    spec: { managedBy: 1 },
    field: 'spec.managedBy',
    says: 'must be of type string',
  },
  { what: 'no data', spec: { data: undefined }, field: 'spec.data', says: 'Required value' },
  {
    what: 'no checkpoints',
    spec: { checkpoints: undefined },
    field: 'spec.checkpoints',
    says: 'Required value',
  },
  {
    what: 'a checkpoint to resume from that is no place',
    spec: { resumeFrom: 'latest' },
    field: 'spec.resumeFrom',
    says: uris,
  },
  {
    what: 'another network on resume',
    spec: { resumeWithChanges: ['recipe.learningRate', 'model.depth'] },
    field: 'spec.resumeWithChanges[1]',
    says: 'must be data, recipe, or a field below one, such as recipe.learningRate',
  },
  {
    what: 'a deadline without a unit',
    spec: { activeDeadline: '90' },
    field: 'spec.activeDeadline',
    says: durations,
  },
  {
    what: 'a lifetime with a wrong unit',
    spec: { ttlAfterFinished: '2w' },
    field: 'spec.ttlAfterFinished',
    says: durations,
  },
  {
    what: 'an unknown clean-up',
    spec: { cleanPodPolicy: 'Failed' },
    field: 'spec.cleanPodPolicy',
    says: '"Running", "All", "None"',
  },

  // model
  {
    what: 'a depth that no network has',
    spec: { model: { depth: 16 } },
    field: 'spec.model.depth',
    says: 'supported values: "8", "14", "18"',
  },
  {
    what: 'a depth in quotes',
    spec: { model: { depth: '50' } },
    field: 'spec.model.depth',
    says: 'must be of type integer',
  },
  {
    what: 'an unknown variant',
    spec: { model: { variant: 'E' } },
    field: 'spec.model.variant',
    says: '"A", "B", "C", "D"',
  },
  {
    what: 'an unknown stem',
    spec: { model: { stem: 'cifar' } },
    field: 'spec.model.stem',
    says: '"imagenet", "small"',
  },
  {
    what: 'a large network with a small stem',
    spec: { model: { stem: 'small', depth: 50 } },
    field: 'spec.model.depth',
    says: 'must be one of 8, 14, 20, 32, 44, 56 when model.stem is small',
  },
  {
    what: 'a small network with a large stem',
    spec: { model: { depth: 20 } },
    field: 'spec.model.depth',
    says: 'set model.stem to small for the others',
  },
  {
    what: 'a single class',
    spec: { model: { classes: 1 } },
    field: 'spec.model.classes',
    says: 'should be greater than or equal to 2',
  },
  {
    what: 'too many classes',
    spec: { model: { classes: 100_001 } },
    field: 'spec.model.classes',
    says: 'should be less than or equal to 100000',
  },
  {
    what: 'a tiny image',
    spec: { model: { imageSize: 7 } },
    field: 'spec.model.imageSize',
    says: 'should be greater than or equal to 8',
  },
  {
    what: 'half a pixel',
    spec: { model: { imageSize: 224.5 } },
    field: 'spec.model.imageSize',
    says: 'must be of type integer',
  },
  {
    what: 'two channels',
    spec: { model: { channels: 2 } },
    field: 'spec.model.channels',
    says: 'supported values: "1", "3"',
  },
  {
    what: 'yes for true',
    spec: { model: { zeroGamma: 'yes' } },
    field: 'spec.model.zeroGamma',
    says: 'must be of type boolean',
  },
  {
    what: 'an unknown initializer',
    spec: { model: { initializer: 'he' } },
    field: 'spec.model.initializer',
    says: '"xavier", "msra"',
  },
  {
    what: 'weights that are no place',
    spec: { model: { pretrained: 'model.safetensors' } },
    field: 'spec.model.pretrained',
    says: uris,
  },
  {
    what: 'a misspelt field',
    spec: { model: { dept: 50 } },
    field: 'spec.model.dept',
    says: 'unknown field',
  },

  // data
  {
    what: 'no format',
    spec: { data: { train: '/data' } },
    field: 'spec.data.format',
    says: 'Required value',
  },
  {
    what: 'an unknown format',
    spec: { data: { ...data, format: 'csv' } },
    field: 'spec.data.format',
    says: '"fashion-mnist", "image-folder"',
  },
  {
    what: 'no training images',
    spec: { data: { format: 'tfrecord' } },
    field: 'spec.data.train',
    says: 'Required value',
  },
  {
    what: 'training images on the web',
    spec: { data: { ...data, train: 'http://example.com/x' } },
    field: 'spec.data.train',
    says: uris,
  },
  {
    what: 'a bucket without a name',
    spec: { data: { ...data, validation: 's3://' } },
    field: 'spec.data.validation',
    says: uris,
  },
  {
    what: 'a cache without a size',
    spec: { data: { ...data, cache: {} } },
    field: 'spec.data.cache.size',
    says: 'Required value',
  },
  {
    what: 'a size with a B',
    spec: { data: { ...data, cache: { size: '10GB' } } },
    field: 'spec.data.cache.size',
    says: quantities,
  },
  {
    what: 'a negative size',
    spec: { data: { ...data, cache: { size: -1 } } },
    field: 'spec.data.cache.size',
    says: quantities,
  },
  {
    what: 'images without a validation set',
    spec: { data: { format: 'image-folder', train: '/data' } },
    field: 'spec.data.validation',
    says: 'only a folder of fashion-mnist holds both sets',
  },
  {
    what: 'a cache in a relative folder',
    spec: { data: { ...data, cache: { size: 1, folder: 'cache' } } },
    field: 'spec.data.cache.folder',
    says: 'must begin with /',
  },
  {
    what: 'a least area above the greatest',
    spec: { data: { ...data, crop: { minArea: 0.5, maxArea: 0.25 } } },
    field: 'spec.data.crop',
    says: 'must not be more than data.crop.maxArea',
  },
  {
    what: 'a greatest area below the least that is the default',
    spec: { data: { ...data, crop: { maxArea: 0.05 } } },
    field: 'spec.data.crop',
    says: 'must not be more than data.crop.maxArea',
  },
  {
    what: 'a least aspect of nothing',
    spec: { data: { ...data, format: 'image-folder', crop: { minAspect: 0 } } },
    field: 'spec.data.crop.minAspect',
    says: 'should be greater than 0',
  },
  {
    what: 'a least aspect above the greatest',
    spec: { data: { ...data, crop: { minAspect: 2 } } },
    field: 'spec.data.crop',
    says: 'must not be more than data.crop.maxAspect',
  },
  {
    what: 'blocks of shards where there are none',
    spec: { data: { ...data, shuffle: { shardsInBlock: 4 } } },
    field: 'spec.data.shuffle',
    says: 'is for data.format tfrecord and webdataset',
  },
  {
    what: 'a probability above 1',
    spec: { data: { ...data, flip: 1.5 } },
    field: 'spec.data.flip',
    says: 'should be less than or equal to 1',
  },
  {
    what: 'an unknown augmentation',
    spec: { data: { ...data, augmentation: 'heavy' } },
    field: 'spec.data.augmentation',
    says: '"paper", "gluoncv", "light", "none"',
  },
  {
    what: 'no mean',
    spec: { data: { ...data, normalize: { mean: [], std: [1] } } },
    field: 'spec.data.normalize.mean',
    says: 'should have at least 1 items',
  },
  {
    what: 'a mean for four channels',
    spec: { data: { ...data, normalize: { mean: [1, 2, 3, 4], std: [1] } } },
    field: 'spec.data.normalize.mean',
    says: 'must have at most 3 items',
  },
  {
    what: 'a deviation of zero',
    spec: { data: { ...data, normalize: { mean: standard, std: [0] } } },
    field: 'spec.data.normalize.std[0]',
    says: 'should be greater than 0',
  },
  {
    what: 'a mean without a deviation',
    spec: { data: { ...data, normalize: { mean: standard } } },
    field: 'spec.data.normalize.std',
    says: 'Required value',
  },

  // recipe
  {
    what: 'an unknown preset',
    spec: { recipe: { preset: 'best' } },
    field: 'spec.recipe.preset',
    says: '"bag-of-tricks"',
  },
  {
    what: 'no epochs',
    spec: { recipe: { epochs: 0 } },
    field: 'spec.recipe.epochs',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'an empty batch',
    spec: { recipe: { batchSize: 0 } },
    field: 'spec.recipe.batchSize',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'a batch that cannot be shared out',
    spec: { recipe: { batchSize: 100 } },
    field: 'spec.recipe.batchSize',
    says: 'must be a multiple of the number of ranks, trainers.pods x trainers.gpusPerPod',
  },
  {
    what: "a preset's batch that cannot be shared out",
    spec: { trainers: { pods: 3 } },
    field: 'spec.recipe.batchSize',
    says: "the preset's batch size is not a multiple of the number of ranks",
  },
  {
    what: "a small preset's batch that cannot be shared out",
    spec: { recipe: { preset: 'baseline' }, trainers: { pods: 64 } },
    field: 'spec.recipe.batchSize',
    says: "the preset's batch size is not a multiple of the number of ranks",
  },
  {
    what: 'an unknown optimizer',
    spec: { recipe: { optimizer: { name: 'adam' } } },
    field: 'spec.recipe.optimizer.name',
    says: '"nesterov", "sgd"',
  },
  {
    what: 'a momentum of one',
    spec: { recipe: { optimizer: { momentum: 1 } } },
    field: 'spec.recipe.optimizer.momentum',
    says: 'should be less than 1',
  },
  {
    what: 'a negative decay',
    spec: { recipe: { optimizer: { weightDecay: -1e-4 } } },
    field: 'spec.recipe.optimizer.weightDecay',
    says: 'should be greater than or equal to 0',
  },
  {
    what: 'a learning rate of zero',
    spec: { recipe: { learningRate: { base: 0 } } },
    field: 'spec.recipe.learningRate.base',
    says: 'should be greater than 0',
  },
  {
    what: 'a rate for no images',
    spec: { recipe: { learningRate: { per: 0 } } },
    field: 'spec.recipe.learningRate.per',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'an unknown scaling',
    spec: { recipe: { learningRate: { scaling: 'sqrt' } } },
    field: 'spec.recipe.learningRate.scaling',
    says: '"linear", "none"',
  },
  {
    what: 'an unknown schedule',
    spec: { recipe: { learningRate: { schedule: 'exponential' } } },
    field: 'spec.recipe.learningRate.schedule',
    says: '"cosine", "step", "constant"',
  },
  {
    what: 'too many milestones',
    spec: { recipe: { learningRate: { milestones: Array(33).fill(1) } } },
    field: 'spec.recipe.learningRate.milestones',
    says: 'must have at most 32 items',
  },
  {
    what: 'a factor of one',
    spec: { recipe: { learningRate: { factor: 1 } } },
    field: 'spec.recipe.learningRate.factor',
    says: 'should be less than 1',
  },
  {
    what: 'a warm-up as long as the run',
    spec: { recipe: { epochs: 5, learningRate: { warmupEpochs: 5 } } },
    field: 'spec.recipe.learningRate.warmupEpochs',
    says: 'must be less than recipe.epochs',
  },
  {
    what: "a run as short as the preset's warm-up",
    spec: { recipe: { epochs: 5 } },
    field: 'spec.recipe.epochs',
    says: 'set recipe.learningRate.warmupEpochs',
  },
  {
    what: 'an unknown precision',
    spec: { recipe: { precision: { compute: 'float64' } } },
    field: 'spec.recipe.precision.compute',
    says: '"float32", "float16", "bfloat16"',
  },
  {
    what: 'an unknown loss scale',
    spec: { recipe: { precision: { lossScale: 'automatic' } } },
    field: 'spec.recipe.precision.lossScale',
    says: '"dynamic", "static", "none"',
  },
  {
    what: 'all probability given away',
    spec: { recipe: { labelSmoothing: 1 } },
    field: 'spec.recipe.labelSmoothing',
    says: 'should be less than 1',
  },
  {
    what: 'a negative mixup',
    spec: { recipe: { mixup: { alpha: -0.2 } } },
    field: 'spec.recipe.mixup.alpha',
    says: 'should be greater than or equal to 0',
  },
  {
    what: 'no teacher',
    spec: { recipe: { distillation: { weight: 1 } } },
    field: 'spec.recipe.distillation.teacher',
    says: 'Required value',
  },
  {
    what: 'more frozen parts than any network has',
    spec: { recipe: { fineTuning: { frozenStages: 6 } } },
    field: 'spec.recipe.fineTuning.frozenStages',
    says: 'less than or equal to 5',
  },
  {
    what: 'more frozen parts than a small network has',
    spec: {
      model: { stem: 'small', depth: 8, pretrained: '/weights' },
      recipe: { fineTuning: { frozenStages: 5 } },
    },
    field: 'spec.recipe.fineTuning.frozenStages',
    says: 'at most 4 when model.stem is small',
  },
  {
    what: 'random weights that are frozen',
    spec: { recipe: { fineTuning: { frozenBatchNorm: true } } },
    field: 'spec.recipe.fineTuning',
    says: 'name trained weights in model.pretrained',
  },
  {
    what: 'a decay of the rate over the layers that lets nothing learn',
    spec: { recipe: { fineTuning: { layerDecay: 0 } } },
    field: 'spec.recipe.fineTuning.layerDecay',
    says: 'greater than 0',
  },
  {
    what: 'a negative seed',
    spec: { recipe: { seed: -1 } },
    field: 'spec.recipe.seed',
    says: 'should be greater than or equal to 0',
  },

  // trainers
  {
    what: 'no pods',
    spec: { trainers: { pods: 0 } },
    field: 'spec.trainers.pods',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'too many GPUs',
    spec: { trainers: { gpusPerPod: 65 } },
    field: 'spec.trainers.gpusPerPod',
    says: 'should be less than or equal to 64',
  },
  {
    what: 'a resource without a name',
    spec: { trainers: { gpuResourceName: '' } },
    field: 'spec.trainers.gpuResourceName',
    says: 'should be at least 1 chars long',
  },
  {
    what: 'a variable that no shell could set',
    spec: { trainers: { env: [env('1A')] } },
    field: 'spec.trainers.env[0].name',
    says: 'must be a C identifier',
  },
  {
    what: "a variable of the operator's",
    spec: { trainers: { env: [env('A'), env('RINGMASTER_RANK')] } },
    field: 'spec.trainers.env',
    says: 'must not begin with RINGMASTER_',
  },
  {
    what: 'a variable twice',
    spec: { trainers: { env: [env('A'), env('A')] } },
    field: 'spec.trainers.env[1]',
    says: 'Duplicate value',
  },
  {
    what: 'a volume at a relative path',
    spec: { trainers: { volumes: [{ ...volume, mountPath: 'scratch', emptyDir: {} }] } },
    field: 'spec.trainers.volumes[0].mountPath',
    says: 'must be an absolute path',
  },
  {
    what: 'a volume of nothing',
    spec: { trainers: { volumes: [volume] } },
    field: 'spec.trainers.volumes',
    says: 'exactly one of persistentVolumeClaim, secret, configMap or emptyDir',
  },
  {
    what: 'a volume of two things',
    spec: { trainers: { volumes: [{ ...volume, emptyDir: {}, configMap: { name: 'a' } }] } },
    field: 'spec.trainers.volumes',
    says: 'exactly one of persistentVolumeClaim, secret, configMap or emptyDir',
  },
  {
    what: 'a ConfigMap that cannot be',
    spec: { trainers: { volumes: [{ ...volume, configMap: { name: 'My Settings' } }] } },
    field: 'spec.trainers.volumes[0].configMap.name',
    says: objectNames,
  },
  {
    what: 'an unknown kind of volume',
    spec: { trainers: { volumes: [{ ...volume, hostPath: { path: '/' } }] } },
    field: 'spec.trainers.volumes[0].hostPath',
    says: 'unknown field',
  },
  {
    what: 'an unknown toleration',
    spec: { trainers: { tolerations: [{ key: 'a', operator: 'Like' }] } },
    field: 'spec.trainers.tolerations[0].operator',
    says: '"Exists", "Equal"',
  },
  {
    what: 'no time to save',
    spec: { trainers: { terminationGracePeriodSeconds: 0 } },
    field: 'spec.trainers.terminationGracePeriodSeconds',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'a request that is no quantity',
    spec: { trainers: { resources: { requests: { cpu: 'lots' } } } },
    field: 'spec.trainers.resources.requests.cpu',
    says: quantities,
  },
  {
    what: 'a label too long',
    spec: { trainers: { nodeSelector: { zone: 'a'.repeat(64) } } },
    field: 'spec.trainers.nodeSelector.zone',
    says: 'may not be more than 63',
  },

  // checkpoints
  {
    what: 'no place for checkpoints',
    spec: { checkpoints: {} },
    field: 'spec.checkpoints.uri',
    says: 'Required value',
  },
  {
    what: 'a place that is not supported',
    spec: { checkpoints: { uri: 'gs://bucket/runs' } },
    field: 'spec.checkpoints.uri',
    says: uris,
  },
  {
    what: 'two rhythms',
    spec: { checkpoints: { ...checkpoints, every: { epochs: 1, steps: 100 } } },
    field: 'spec.checkpoints.every',
    says: 'needs either epochs or steps, not both',
  },
  {
    what: 'no rhythm',
    spec: { checkpoints: { ...checkpoints, every: {} } },
    field: 'spec.checkpoints.every',
    says: 'needs either epochs or steps, not both',
  },
  {
    what: 'checkpoints all the time',
    spec: { checkpoints: { ...checkpoints, every: { epochs: 0 } } },
    field: 'spec.checkpoints.every.epochs',
    says: 'should be greater than 0',
  },
  {
    what: 'no steps',
    spec: { checkpoints: { ...checkpoints, every: { steps: 0 } } },
    field: 'spec.checkpoints.every.steps',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'nothing kept',
    spec: { checkpoints: { ...checkpoints, keep: { last: 0 } } },
    field: 'spec.checkpoints.keep.last',
    says: 'should be greater than or equal to 1',
  },
  {
    what: 'credentials of no Secret',
    spec: { checkpoints: { ...checkpoints, credentials: {} } },
    field: 'spec.checkpoints.credentials.secretRef',
    says: 'Required value',
  },
  {
    what: 'an endpoint without a scheme',
    spec: { checkpoints: { ...checkpoints, endpoint: 'minio:9000' } },
    field: 'spec.checkpoints.endpoint',
    says: 'must begin with http:// or https://',
  },

  // failurePolicy and scheduling
  {
    what: 'fewer restarts than none',
    spec: { failurePolicy: { maxRestarts: -1 } },
    field: 'spec.failurePolicy.maxRestarts',
    says: 'should be greater than or equal to 0',
  },
  {
    what: 'a hang in words',
    spec: { failurePolicy: { hangTimeout: 'soon' } },
    field: 'spec.failurePolicy.hangTimeout',
    says: durations,
  },
  {
    what: 'a start as a number',
    spec: { failurePolicy: { startTimeout: 300 } },
    field: 'spec.failurePolicy.startTimeout',
    says: 'must be of type string',
  },
  {
    what: 'a backoff with a space',
    spec: { failurePolicy: { backoff: { initial: '1 m' } } },
    field: 'spec.failurePolicy.backoff.initial',
    says: durations,
  },
  {
    what: 'a rule without an action',
    spec: { failurePolicy: { rules: [{ exitCodes: [1] }] } },
    field: 'spec.failurePolicy.rules[0].action',
    says: 'Required value',
  },
  {
    what: 'an unknown action',
    spec: { failurePolicy: { rules: [{ action: 'Ignore' }] } },
    field: 'spec.failurePolicy.rules[0].action',
    says: '"Restart", "RestartUncharged", "Fail"',
  },
  {
    what: 'an exit code that no process has',
    spec: { failurePolicy: { rules: [{ action: 'Fail', exitCodes: [256] }] } },
    field: 'spec.failurePolicy.rules[0].exitCodes[0]',
    says: 'should be less than or equal to 255',
  },
  {
    what: 'a rule for no exit code',
    spec: { failurePolicy: { rules: [{ action: 'Fail', exitCodes: [] }] } },
    field: 'spec.failurePolicy.rules[0].exitCodes',
    says: 'should have at least 1 items',
  },
  {
    what: 'an unknown scheduler',
    spec: { scheduling: { gang: 'volcano' } },
    field: 'spec.scheduling.gang',
    says: '"auto", "none", "native", "kueue"',
  },
  {
    what: 'Kueue without a queue',
    spec: { scheduling: { gang: 'kueue' } },
    field: 'spec.scheduling.queueName',
    says: 'scheduling.gang kueue needs scheduling.queueName',
  },
  {
    what: 'a queue that cannot be',
    spec: { scheduling: { queueName: 'Team_A' } },
    field: 'spec.scheduling.queueName',
    says: objectNames,
  },
  {
    what: 'a queue without a name',
    spec: { scheduling: { queueName: '' } },
    field: 'spec.scheduling.queueName',
    says: 'should be at least 1 chars long',
  },
  {
    what: 'a priority in the queue that cannot be',
    spec: { scheduling: { queueName: 'team', queuePriorityClass: 'very urgent' } },
    field: 'spec.scheduling.queuePriorityClass',
    says: objectNames,
  },
  {
    what: 'a priority in no queue',
    spec: { scheduling: { queuePriorityClass: 'urgent' } },
    field: 'spec.scheduling.queuePriorityClass',
    says: 'scheduling.queuePriorityClass needs scheduling.queueName',
  },
];
