import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { loadManifests } from './load-manifests.ts';
import { formatProblem } from './problem.ts';

/** The shortest valid manifest, 7 lines, with more fields of the spec from line 8 on and other text after them. */
function manifest(spec = '', rest = ''): string {
  return `apiVersion: ringmaster.dev/v1alpha1
kind: TrainingRun
metadata:
  name: small
spec:
  data: {format: fashion-mnist, train: /data}
  checkpoints: {uri: /checkpoints}
${spec}${rest}`;
}

/** Every problem of a text as a person sees it, `-` standing for the file's name. */
async function problemsOf(text: string): Promise<string[]> {
  const { problems } = await loadManifests(['-'], {
    stdin: Readable.from([Buffer.from(text)]),
    workingFolder: '/',
  });
  return problems.map((problem) => formatProblem({ ...problem, file: '-' }));
}

/** What is wrong, the manifest, and the exact messages. */
const table: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a misspelt field',
    manifest('  recipe: {labelSmoothng: 0.1}\n'),
    ['-:8 spec.recipe.labelSmoothng: unknown field; did you mean labelSmoothing?'],
  ],
  [
    'a field in the wrong place',
    manifest().replace('{uri: /checkpoints}', '{uri: /checkpoints, keep: {labelSmoothing: 0.1}}'),
    ['-:7 spec.checkpoints.keep.labelSmoothing: unknown field; known here: last, best'],
  ],
  [
    'an unknown field with no near one',
    manifest('  scheduling: {zone: a}\n'),
    ['-:8 spec.scheduling.zone: unknown field; known here: gang, queueName, queuePriorityClass'],
  ],
  [
    'a misspelt value',
    manifest('  recipe: {optimizer: {name: nestrov}}\n'),
    [
      '-:8 spec.recipe.optimizer.name: must be one of nesterov, sgd (found "nestrov"); did you mean nesterov?',
    ],
  ],
  [
    'a value of another type',
    manifest('  recipe: {epochs: many}\n'),
    ['-:8 spec.recipe.epochs: must be a number (found "many")'],
  ],
  [
    'a number in quotes',
    manifest('  recipe: {epochs: "120"}\n'),
    ['-:8 spec.recipe.epochs: must be a number (found "120")'],
  ],
  [
    'a fraction for a whole number',
    manifest('  trainers: {pods: 1.5}\n'),
    ['-:8 spec.trainers.pods: must be a whole number (found 1.5)'],
  ],
  [
    'a number below the least',
    manifest('  recipe: {epochs: 0}\n'),
    ['-:8 spec.recipe.epochs: must be at least 1 (found 0)'],
  ],
  [
    'a number above the most',
    manifest('  trainers: {gpusPerPod: 65}\n'),
    ['-:8 spec.trainers.gpusPerPod: must be at most 64 (found 65)'],
  ],
  [
    'a number on an open bound',
    manifest('  recipe: {labelSmoothing: 1}\n'),
    ['-:8 spec.recipe.labelSmoothing: must be less than 1 (found 1)'],
  ],
  [
    'a bad duration',
    manifest('  activeDeadline: 10 minutes\n'),
    ['-:8 spec.activeDeadline: must be a duration such as 90s, 10m or 2h30m (found "10 minutes")'],
  ],
  [
    'a bad location',
    manifest('  resumeFrom: step-100\n'),
    [
      '-:8 spec.resumeFrom: must be s3://bucket/key, file:///path or a path that begins with / or ./ (found "step-100")',
    ],
  ],
  [
    'a bad quantity',
    manifest('  trainers: {resources: {requests: {memory: 10 GB}}}\n'),
    [
      '-:8 spec.trainers.resources.requests.memory: must be a quantity such as 4, 500m or 200Gi (found "10 GB")',
    ],
  ],
  [
    'a depth that needs the small stem',
    manifest('  model: {depth: 20}\n'),
    [
      '-:8 spec.model.depth: model.depth must be one of 18, 34, 50, 101, 152 when model.stem is imagenet; set model.stem to small for the others (found 20)',
    ],
  ],
  [
    'a depth that needs the large stem',
    manifest('  model: {depth: 50, stem: small}\n'),
    [
      '-:8 spec.model.depth: model.depth must be one of 8, 14, 20, 32, 44, 56 when model.stem is small (found 50)',
    ],
  ],
  [
    'a batch that ranks cannot share',
    manifest('  recipe: {batchSize: 100}\n'),
    [
      '-:8 spec.recipe.batchSize: recipe.batchSize must be a multiple of the number of ranks, trainers.pods x trainers.gpusPerPod (found 100)',
    ],
  ],
  [
    'a warm-up longer than the run',
    manifest('  recipe: {preset: baseline, epochs: 5, learningRate: {warmupEpochs: 5}}\n'),
    [
      '-:8 spec.recipe.learningRate.warmupEpochs: recipe.learningRate.warmupEpochs must be less than recipe.epochs (found 5)',
    ],
  ],
  [
    'checkpoints by both epochs and steps',
    manifest().replace('{uri: /checkpoints}', '{uri: /checkpoints, every: {epochs: 1, steps: 10}}'),
    [
      '-:7 spec.checkpoints.every: checkpoints.every needs either epochs or steps, not both (found {"epochs":1,"steps":10})',
    ],
  ],
  [
    'a reserved variable',
    manifest('  trainers: {env: [{name: RINGMASTER_X, value: a}]}\n'),
    [
      '-:8 spec.trainers.env: trainers.env names must not begin with RINGMASTER_, which the operator sets (found [{"name":"RINGMASTER_X","value":"a"}])',
    ],
  ],
  [
    'a bad variable name, by index',
    manifest('  trainers:\n    env:\n      - {name: A, value: a}\n      - {name: 1A, value: a}\n'),
    ['-:11 spec.trainers.env[1].name: must be a C identifier (found "1A")'],
  ],
  [
    'a scalar where a map belongs',
    manifest('  model: resnet50\n'),
    ['-:8 spec.model: must be an object (found "resnet50")'],
  ],
  [
    'a list where a map belongs',
    manifest('  model: [50]\n'),
    ['-:8 spec.model: must be an object (found [50])'],
  ],
  [
    'missing parts',
    'apiVersion: ringmaster.dev/v1alpha1\nkind: TrainingRun\nmetadata: {name: small}\nspec: {}\n',
    ['-:4 spec.data: is required', '-:4 spec.checkpoints: is required'],
  ],
  [
    'no spec',
    'apiVersion: ringmaster.dev/v1alpha1\nkind: TrainingRun\nmetadata: {name: small}\n',
    ['-:1 spec: is required; at least spec.data and spec.checkpoints must be given'],
  ],
  [
    'no name',
    manifest().replace('  name: small', '  labels: {a: b}'),
    ['-:3 metadata.name: is required: a name of lower-case letters, digits and -'],
  ],
  [
    'a name with capitals',
    manifest().replace('name: small', 'name: ResNet'),
    [
      '-:4 metadata.name: metadata.name must begin with a letter and consist of lower-case letters, digits and -, as it becomes a host name (found "ResNet")',
    ],
  ],
  [
    'a name that is too long',
    manifest().replace('name: small', 'name: ' + 'a'.repeat(51)),
    [
      '-:4 metadata.name: metadata.name must be at most 50 characters, as pods and host names are made from it (found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")',
    ],
  ],
  [
    'a bad namespace',
    manifest().replace('name: small', 'name: small\n  namespace: ../up'),
    ['-:5 metadata.namespace: must be lower-case letters, digits and - (found "../up")'],
  ],
  [
    'a misspelt apiVersion',
    manifest().replace('v1alpha1', 'v1aplha1'),
    [
      '-:1 apiVersion: must be ringmaster.dev/v1alpha1 (found "ringmaster.dev/v1aplha1"); did you mean ringmaster.dev/v1alpha1?',
    ],
  ],
  [
    'another apiVersion',
    manifest().replace('ringmaster.dev/v1alpha1', 'apps/v1'),
    ['-:1 apiVersion: must be ringmaster.dev/v1alpha1 (found "apps/v1")'],
  ],
  [
    'no apiVersion',
    manifest().replace('apiVersion: ringmaster.dev/v1alpha1\n', ''),
    ['-:1 apiVersion: must be ringmaster.dev/v1alpha1'],
  ],
  [
    'a misspelt kind',
    manifest().replace('kind: TrainingRun', 'kind: TrainingRuns'),
    ['-:2 kind: must be TrainingRun (found "TrainingRuns"); did you mean TrainingRun?'],
  ],
  [
    'another kind',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n',
    ['-:2 kind: is not a kind of this program; known kinds: TrainingRun, TrainingSweep (found "Deployment")'],
  ],
  ['a misspelt top-level field', manifest('', 'sepc: {}\n'), ['-:8 sepc: unknown field; did you mean spec?']],
  [
    'a key given twice',
    manifest('  recipe:\n    epochs: 5\n    epochs: 6\n'),
    ['-:10 spec.recipe.epochs: is given twice; the first is on line 9'],
  ],
  [
    'yes',
    manifest('  model: {zeroGamma: yes}\n'),
    [
      '-:8 spec.model.zeroGamma: yes is true to kubectl and text to others; write true, or "yes" in quotes for text',
    ],
  ],
  [
    'off',
    manifest('  model: {zeroGamma: off}\n'),
    [
      '-:8 spec.model.zeroGamma: off is false to kubectl and text to others; write false, or "off" in quotes for text',
    ],
  ],
  [
    'n',
    manifest('  suspend: n\n'),
    ['-:8 spec.suspend: n is false to kubectl and text to others; write false, or "n" in quotes for text'],
  ],
  [
    'on as a key',
    manifest('  trainers: {nodeSelector: {on: a}}\n'),
    [
      '-:8 spec.trainers.nodeSelector.on: the key on is true to kubectl and text to others; write true, or "on" in quotes for text',
    ],
  ],
  [
    'a leading zero',
    manifest('  recipe: {epochs: 010}\n'),
    [
      '-:8 spec.recipe.epochs: 010 is 8 to kubectl and 10 to others; write the one that is meant, or "010" in quotes for text',
    ],
  ],
  [
    'a leading zero that is no octal',
    manifest('  recipe: {epochs: 089}\n'),
    [
      '-:8 spec.recipe.epochs: a number with a leading zero is read in different ways; write 89, or "089" in quotes for text',
    ],
  ],
  [
    '0o10',
    manifest('  recipe: {epochs: 0o10}\n'),
    [
      '-:8 spec.recipe.epochs: 0o10 is octal to some readers and text to others; write 8, or "0o10" in quotes for text',
    ],
  ],
  [
    '0b11',
    manifest('  recipe: {epochs: 0b11}\n'),
    [
      '-:8 spec.recipe.epochs: 0b11 is binary to kubectl and text to others; write 3, or "0b11" in quotes for text',
    ],
  ],
  [
    '1_000',
    manifest('  recipe: {epochs: 1_000}\n'),
    [
      '-:8 spec.recipe.epochs: 1_000 is a number to kubectl and text to others; write 1000, or "1_000" in quotes for text',
    ],
  ],
  [
    'a number to base 60',
    manifest('  activeDeadline: 12:30:45\n'),
    [
      '-:8 spec.activeDeadline: 12:30:45 is a number to base 60 to some readers and text to others; write "12:30:45" in quotes',
    ],
  ],
  [
    '.inf',
    manifest('  recipe: {learningRate: {base: .inf}}\n'),
    [
      '-:8 spec.recipe.learningRate.base: .inf is not a finite number, and JSON, which the cluster stores, knows no other',
    ],
  ],
  [
    'a number with too many digits',
    manifest('  recipe: {seed: 12345678901234567890}\n'),
    [
      '-:8 spec.recipe.seed: 12345678901234567890 has more digits than a number keeps exactly; write "12345678901234567890" in quotes for text',
    ],
  ],
  [
    'a merge key',
    manifest('  trainers: &t {pods: 1}\n  recipe:\n    <<: *t\n'),
    ['-:10 spec.recipe.<<: merge keys are read by some programs only; write the fields out'],
  ],
  ['an unknown alias', manifest('  recipe: *r\n'), ['-:8 spec.recipe: alias *r has no anchor before it']],
  [
    'an alias in its own anchor',
    manifest('  recipe: &r [*r]\n'),
    [
      '-:8 spec.recipe[0]: alias *r stands inside its own anchor',
      '-:8 spec.recipe: must be an object (found [null])',
    ],
  ],
  [
    'aliases that multiply',
    'a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d]\n',
    ['-:1: aliases multiply it to more than 20,000 values; write it out'],
  ],
  [
    'a tag',
    manifest('  recipe: {epochs: !!int "5"}\n'),
    ['-:8 spec.recipe.epochs: has the tag !!int, which is not read here; remove it'],
  ],
  [
    'a key that is a list',
    manifest('  ? [a]\n  : b\n'),
    ['-:6 spec.?: is a key that is not text; keys are plain words'],
  ],
  ['a null key', manifest('  ~: b\n'), ['-:8 spec.~: is a key that is null; keys are plain words']],
  [
    'tabs',
    manifest('  recipe:\n\tepochs: 5\n'),
    ['-:9: a tab stands in the indentation; YAML indents with spaces only'],
  ],
  [
    'a colon in a value',
    manifest('  resumeFrom: a: b\n'),
    ['-:8: is not valid YAML: bad indentation of a mapping entry; a value that contains ": " needs quotes'],
  ],
  [
    'an open bracket',
    manifest('  recipe: {epochs: 5\n'),
    ['-:9: is not valid YAML: a bracket or brace before this line is not closed'],
  ],
  [
    'an unknown escape',
    manifest('  resumeFrom: "\\q"\n'),
    ['-:8: is not valid YAML: unknown escape sequence'],
  ],
  [
    'a text',
    'just words\n',
    ['-:1: is not a Kubernetes object; one has apiVersion, kind, metadata and spec (found "just words")'],
  ],
  [
    'a list',
    '- 1\n- 2\n',
    ['-:1: is not a Kubernetes object; one has apiVersion, kind, metadata and spec (found [1,2])'],
  ],
  ['only comments', '# nothing\n', ['-: holds no object, only comments or empty documents']],
  ['empty documents', '---\n---\n', ['-: holds no object, only comments or empty documents']],
  ['nothing', '', ['-: is empty; a manifest has apiVersion, kind, metadata and spec']],
  [
    'HTML',
    '<!DOCTYPE html>\n<html></html>\n',
    ['-: is an HTML or XML page, not a manifest; when it was downloaded, take the address of the raw file'],
  ],
  [
    'XML',
    '<?xml version="1.0"?>\n<a/>\n',
    ['-: is an HTML or XML page, not a manifest; when it was downloaded, take the address of the raw file'],
  ],
  ['a zero byte', 'a: \u0000\n', ['-: is a binary file, not a manifest in YAML or JSON']],
  [
    'a second document',
    manifest() + '---\n' + manifest('  recipe: {epochs: 0}\n').replace('small', 'other'),
    ['-:16 (document 2) spec.recipe.epochs: must be at least 1 (found 0)'],
  ],
  [
    'the same run twice',
    manifest() + '---\n' + manifest(),
    ['-:9: the run default/small is defined twice; the first is stdin:1'],
  ],
  [
    'an item of a List',
    'apiVersion: v1\nkind: List\nitems:\n  - ' +
      manifest('  recipe: {epochs: 0}\n').trim().split('\n').join('\n    ') +
      '\n',
    ['-:11 items[0].spec.recipe.epochs: must be at least 1 (found 0)'],
  ],
  [
    'JSON',
    '{"apiVersion": "ringmaster.dev/v1alpha1",\n\t"kind": "TrainingRun",\n\t"metadata": {"name": "small"},\n\t"spec": {"data": {"format": "mnist", "train": "/data"},\n\t\t"checkpoints": {"uri": "/c"}}}\n',
    [
      '-:4 spec.data.format: must be one of fashion-mnist, image-folder, tfrecord, webdataset (found "mnist")',
    ],
  ],
  [
    'two JSON objects in a row',
    '{"a": 1}\n{"b": 2}\n',
    [
      '-:2: is not valid YAML: this line does not belong to what stands before it; check its indentation, or put --- between documents',
    ],
  ],
];

describe('a bad manifest', () => {
  it.each(table)('with %s is refused with its cure', async (_, text, expected) => {
    expect(await problemsOf(text)).toEqual(expected);
  });

  it('with several mistakes gets all of them at once, in the order of its lines', async () => {
    const text = manifest(
      '  model: {zeroGamma: yes, depthh: 50}\n  recipe:\n    epochs: 0\n    epochs: 5\n    labelSmoothng: 0.1\n',
    );
    expect(await problemsOf(text)).toEqual([
      '-:8 spec.model.zeroGamma: yes is true to kubectl and text to others; write true, or "yes" in quotes for text',
      '-:8 spec.model.depthh: unknown field; did you mean depth?',
      '-:11 spec.recipe.epochs: is given twice; the first is on line 10',
      '-:12 spec.recipe.labelSmoothng: unknown field; did you mean labelSmoothing?',
    ]);
  });
});
