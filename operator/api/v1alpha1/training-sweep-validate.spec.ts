import { describe, expect, it } from 'vitest';
import { ablationManifest, badSweeps, repeatingSweeps, searchManifest } from './testing/sweep-manifests.ts';
import { tunablePaths } from './training-sweep-overlay.ts';
import { validateStoredSweep, validateTrainingSweep } from './training-sweep-validate.ts';

/** Problems as `path: message`. */
function problemsOf(object: unknown, stored?: unknown): string[] {
  const old = stored === undefined ? undefined : validSweep(stored);
  const validation = validateTrainingSweep(wire(object), old);
  return validation.ok ? [] : validation.problems.map(({ path, message }) => `${path}: ${message}`);
}

function validSweep(object: unknown) {
  const validation = validateTrainingSweep(wire(object));
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return validation.sweep;
}

function wire(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object));
}

const rate = 'recipe.learningRate.base';

describe('a valid sweep', () => {
  it('gets its defaults, and its template those of a run', () => {
    expect(validSweep(ablationManifest()).spec).toMatchObject({
      runTemplate: { suspend: false, model: { zeroGamma: true }, failurePolicy: { maxRestarts: 3 } },
      ablation: { mode: 'cumulative', seeds: [0, 1, 2] },
      objective: { metric: 'top1' },
      maxFailedTrials: 3,
    });
  });

  it('sets nothing in a row that the row does not say', () => {
    expect(validSweep(ablationManifest()).spec.ablation?.rows.map(({ set }) => set)).toEqual([
      {},
      { recipe: { learningRate: { schedule: 'cosine' } } },
      { recipe: { labelSmoothing: 0.1 } },
    ]);
  });
});

describe('a stored sweep', () => {
  it('of a newer version is read without the fields that this one does not know', () => {
    const sweep = validSweep(searchManifest());
    const { runTemplate, ...rest } = sweep.spec;
    const newer = { ...sweep, spec: { ...rest, newer: 1, runTemplate: { ...runTemplate, newer: {} } } };
    expect(problemsOf(newer)).toEqual([
      expect.stringContaining('spec.runTemplate.newer'),
      expect.stringContaining('spec.newer'),
    ]);
    const read = validateStoredSweep(wire(newer));
    expect(read.ok ? read.sweep.spec : read.problems).toEqual(sweep.spec);
  });
});

describe('a bad sweep', () => {
  it.each(badSweeps)('with $what is refused with the field and the cure', ({ manifest, field, says }) => {
    const problems = problemsOf(manifest).filter((problem) => problem.startsWith(`${field}: `));
    expect(problems.join('\n'), problemsOf(manifest).join('\n')).toContain(says);
  });

  it.each(repeatingSweeps)('with $what is refused', ({ manifest, field }) => {
    expect(problemsOf(manifest)).toEqual([expect.stringContaining(`${field}: `)]);
  });

  it.each([
    [
      { path: rate, values: [0.1, 'fast'] },
      'spec.parameters[0].values[1]: recipe.learningRate.base must be a number',
    ],
    [
      { path: rate, values: [0.1, 0.1] },
      'spec.parameters[0].values[1]: 0.1 is given twice; remove one of the two',
    ],
    [
      { path: rate, double: { min: 1, max: 1000 } },
      'spec.parameters[0].double.max: recipe.learningRate.base must be at most 100',
    ],
    [
      { path: 'recipe.epochs', double: { min: 1, max: 9 } },
      'spec.parameters[0].double.max: recipe.epochs must be a whole number',
    ],
    [
      { path: 'model.variant', values: ['D', 'd'] },
      'spec.parameters[0].values[1]: model.variant must be one of A, B, C, D',
    ],
    [{ path: rate }, 'spec.parameters: each of parameters needs exactly one of double, int and values'],
    [
      { path: rate, values: [{}] },
      'spec.parameters[0].values[0]: must be a number or a string or true or false',
    ],
  ])('with a parameter %j is refused', (parameter, problem) => {
    expect(problemsOf(searchManifest({ parameters: [parameter] }))).toEqual([problem]);
  });

  it('with more points in its grid than trials can be is refused, unless only the first are asked for', () => {
    const grid = {
      parameters: [
        { path: 'recipe.seed', int: { min: 0, max: 99 } },
        { path: 'recipe.epochs', int: { min: 6, max: 26 } },
      ],
      search: { algorithm: 'grid' },
    };
    expect(problemsOf(searchManifest({ ...grid, maxTrials: undefined }))).toEqual([
      expect.stringContaining('would be 2100 trials, more than 1000'),
    ]);
    expect(problemsOf(searchManifest({ ...grid, maxTrials: 1000 }))).toEqual([]);
  });

  it('with a row that adds to none before it is refused', () => {
    const rows = [{ name: 'a', from: 'b' }, { name: 'b' }];
    expect(problemsOf(ablationManifest({ ablation: { rows } }))).toEqual([
      'spec.ablation.rows[0].from: must be the name of an earlier row',
    ]);
  });

  it.each([[null], [[]], ['text'], [7]])(
    'that is no object at all (%j) is refused, not crashed on',
    (value) => {
      expect(validateTrainingSweep(value).ok).toBe(false);
    },
  );
});

describe('a stored sweep', () => {
  it('may be extended', () => {
    expect(problemsOf(searchManifest({ maxTrials: 20, budget: { gpuHours: 5 } }), searchManifest())).toEqual(
      [],
    );
    const { ablation } = ablationManifest().spec as { ablation?: object };
    const extended = ablationManifest({ ablation: { ...ablation, seeds: [0, 1, 2, 3] } });
    expect(problemsOf(extended, ablationManifest())).toEqual([]);
  });

  it('does not change what its trials were made from', () => {
    const seed = searchManifest({ search: { seed: 1 } });
    expect(problemsOf(seed, searchManifest())).toEqual([
      'spec.search: search cannot be changed; make a new sweep',
    ]);
    const parameter = searchManifest({ parameters: [{ path: rate, values: [1] }] });
    expect(problemsOf(parameter, searchManifest())).toEqual([
      'spec.parameters: parameters cannot be changed; make a new sweep',
    ]);
    const { ablation } = ablationManifest().spec as { ablation?: object };
    const seeds = ablationManifest({ ablation: { ...ablation, seeds: [1, 0, 2] } });
    expect(problemsOf(seeds, ablationManifest())).toEqual([expect.stringContaining('only be added to')]);
  });
});

describe('the paths of parameters', () => {
  it('are the fields that decide the trained network', () => {
    expect(tunablePaths).toEqual(
      expect.arrayContaining([rate, 'model.zeroGamma', 'recipe.mixup.alpha', 'data.augmentation']),
    );
    expect(tunablePaths.filter((path) => !/^(model|data|recipe)\./.test(path))).toEqual([]);
  });
});
