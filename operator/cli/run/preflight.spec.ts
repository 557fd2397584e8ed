import { describe, expect, it } from 'vitest';
import { testRun } from '../display/test-run.ts';
import { preflightProblems } from './preflight.ts';

const trainable = {
  model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
  data: { format: 'fashion-mnist', train: '/data', augmentation: 'light' },
  recipe: { preset: 'baseline' },
  trainers: { gpusPerPod: 2 },
};

/** Problems of a spec on a machine of two slots. */
function problemsOf(spec: object): string[] {
  return preflightProblems(testRun(undefined, 'a', { ...trainable, ...spec }).spec, 2);
}

describe('preflight', () => {
  it('finds nothing wrong with a run that this machine can train', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it('says what to change about a gang that could never be placed', () => {
    expect(problemsOf({ trainers: { gpusPerPod: 4 } })).toEqual([
      'spec.trainers asks for 4 ranks, but this machine offers 2 slots; lower spec.trainers.gpusPerPod, or pass --gpus 4 to let ranks share the processors',
    ]);
    expect(problemsOf({ trainers: { pods: 2, gpusPerPod: 2 } })[0]).toMatch(/2 pods of 2 ranks at once/);
  });

  it('says what would make a run never start', () => {
    const problems = problemsOf({
      suspend: true,
      managedBy: 'example.com/other',
      trainers: { gpusPerPod: 2, image: 'registry.example.com/trainer:1' },
    });
    expect(problems).toEqual([
      'spec.trainers.image is registry.example.com/trainer:1, but images are not run here; leave it out',
      'spec.suspend is true, so nothing would be trained; leave it out',
      'spec.managedBy is example.com/other, so nothing here would act on it; leave it out',
    ]);
  });

  it('names every part that this trainer cannot do, as a path of the manifest', () => {
    expect(problemsOf({ model: { ...trainable.model, classes: 100, channels: 3 } })).toEqual([
      'spec.model.classes is 100, but data.format fashion-mnist needs 10',
      'spec.model.channels is 3, but data.format fashion-mnist needs 1',
    ]);
  });
});
