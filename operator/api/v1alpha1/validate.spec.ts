import { describe, expect, it } from 'vitest';
import { validateTrainingRun } from './validate.ts';

/** A manifest with the fewest fields that is valid, with a part replaced. */
function manifest(spec: object = {}, rest: object = {}): unknown {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name: 'small' },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      ...spec,
    },
    ...rest,
  };
}

/** Problems as `path: message (suggestion)`. */
function problemsOf(object: unknown): string[] {
  const validation = validateTrainingRun(object);
  if (validation.ok) return [];
  return validation.problems.map(
    ({ path, message, suggestion }) =>
      `${path}: ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`,
  );
}

describe('a valid manifest', () => {
  it('gets its defaults, also those of parts that are not given', () => {
    const validation = validateTrainingRun(manifest());
    expect(validation).toMatchObject({
      ok: true,
      run: {
        spec: {
          suspend: false,
          model: { depth: 50, variant: 'D', zeroGamma: true },
          recipe: { preset: 'bag-of-tricks' },
          trainers: { pods: 1, gpusPerPod: 8 },
          failurePolicy: { maxRestarts: 3, hangTimeout: '10m', backoff: { initial: '10s' } },
        },
      },
    });
  });

  it('may write null for a field that it leaves unset', () => {
    expect(problemsOf(manifest({ resumeFrom: null, activeDeadline: null, suspend: null }))).toEqual([]);
  });

  it('keeps what it does not know in metadata and status', () => {
    const validation = validateTrainingRun(
      manifest({}, { metadata: { name: 'small', labels: { team: 'vision' } }, status: { phase: 'Running' } }),
    );
    expect(validation).toMatchObject({
      run: { metadata: { labels: { team: 'vision' } }, status: { phase: 'Running' } },
    });
  });
});

describe('a wrong manifest', () => {
  it('gets every error at once', () => {
    const problems = problemsOf(
      manifest({
        recipe: { labelSmoothng: 0.1, epochs: 0, learningRate: { schedule: 'cosin' } },
        trainers: { pods: 'two' },
        cleanPodPolicy: 'running',
      }),
    );
    expect(problems.sort()).toEqual([
      'spec.cleanPodPolicy: must be one of Running, All, None (Running)',
      'spec.recipe.epochs: must be at least 1',
      'spec.recipe.labelSmoothng: unknown field (labelSmoothing)',
      'spec.recipe.learningRate.schedule: must be one of cosine, step, constant (cosine)',
      'spec.trainers.pods: must be a number',
    ]);
  });

  it('is told which fields exist when none is near', () => {
    expect(problemsOf(manifest({ scheduling: { zone: 'a' } }))).toEqual([
      'spec.scheduling.zone: unknown field; known here: gang, queueName, queuePriorityClass',
    ]);
  });

  it('is told what is missing', () => {
    expect(
      problemsOf({
        apiVersion: 'ringmaster.dev/v1alpha1',
        kind: 'TrainingRun',
        metadata: { name: 'a' },
        spec: {},
      }),
    ).toEqual(['spec.data: is required', 'spec.checkpoints: is required']);
  });

  it('is told of a wrong kind and version with the right one', () => {
    expect(problemsOf(manifest({}, { kind: 'TrainingRuns', apiVersion: 'v1' }))).toEqual([
      'apiVersion: must be ringmaster.dev/v1alpha1',
      'kind: must be TrainingRun (TrainingRun)',
    ]);
  });

  it.each([
    [{ model: { stem: 'small', depth: 50 } }, 'spec.model.depth'],
    [{ model: { depth: 8 } }, 'spec.model.depth'],
    [{ recipe: { batchSize: 100 } }, 'spec.recipe.batchSize'],
    [{ trainers: { gpusPerPod: 3 } }, 'spec.recipe.batchSize'],
    [{ recipe: { epochs: 5, learningRate: { warmupEpochs: 5 } } }, 'spec.recipe.learningRate.warmupEpochs'],
    [{ recipe: { epochs: 4 } }, 'spec.recipe.epochs'],
    [{ checkpoints: { uri: '/c', every: { epochs: 1, steps: 5 } } }, 'spec.checkpoints.every'],
    [{ trainers: { env: [{ name: 'RINGMASTER_X', value: '1' }] } }, 'spec.trainers.env'],
    [{ trainers: { volumes: [{ name: 'v', mountPath: '/v' }] } }, 'spec.trainers.volumes'],
    [{ scheduling: { gang: 'kueue' } }, 'spec.scheduling.queueName'],
  ])('is refused for a rule that spans fields: %j', (spec, path) => {
    const validation = validateTrainingRun(manifest(spec));
    expect(validation.ok ? [] : validation.problems.map((problem) => problem.path)).toEqual([path]);
  });

  it('cannot change who manages a run', () => {
    const stored = validateTrainingRun(manifest());
    if (!stored.ok) throw new Error('the base manifest is valid');
    expect(validateTrainingRun(manifest({ managedBy: 'other.dev/x' }), stored.run)).toMatchObject({
      ok: false,
      problems: [{ path: 'spec.managedBy', value: 'other.dev/x' }],
    });
  });

  it.each([[null], [[]], ['text'], [7], [undefined]])(
    'that is no object at all (%j) is refused, not crashed on',
    (value) => {
      expect(validateTrainingRun(value).ok).toBe(false);
    },
  );
});
