import { describe, expect, it } from 'vitest';
import { smallState } from '../../test/fixtures/small-snapshot.ts';
import { smallSpec, type SmallSpecChanges } from '../../test/fixtures/small-spec.ts';
import { requireCompatible, resumeCompatibility } from './resume-compatibility.ts';

const state = smallState(15);
const { dataFingerprint } = state;
const { recipe } = smallSpec();
const changedBy = (changes: SmallSpecChanges) =>
  resumeCompatibility(state, smallSpec(changes), { dataFingerprint }).map(({ field }) => field);

describe('a checkpoint', () => {
  it('can be continued under its own spec', () => {
    expect(changedBy({})).toEqual([]);
  });

  it('can be continued elsewhere, with other ranks and other retention', () => {
    const spec = smallSpec({
      data: { train: '/moved', cache: { size: '1Gi' } },
      checkpoints: { uri: '/elsewhere', keep: { last: 1, best: false } },
      resumeFrom: '/checkpoints/step',
    });
    expect(resumeCompatibility(state, { ...spec, pods: 2, ranksPerPod: 4 }, { dataFingerprint })).toEqual([]);
  });

  it('does not mind what only decided how training began', () => {
    expect(changedBy({ model: { zeroGamma: false, initializer: 'msra', pretrained: '/model' } })).toEqual([]);
  });

  it.each<[SmallSpecChanges, string[]]>([
    [{ model: { depth: 20 } }, ['model.depth']],
    [{ model: { variant: 'A', classes: 100 } }, ['model.variant', 'model.classes']],
    [{ data: { augmentation: 'light' } }, ['data.augmentation']],
    [{ data: { normalize: { mean: [1], std: [2] } } }, ['data.normalize.mean', 'data.normalize.std']],
    [{ recipe: { seed: 1 } }, ['recipe.seed']],
    [{ recipe: { batchSize: 64 } }, ['recipe.batchSize']],
    [{ recipe: { labelSmoothing: 0 } }, ['recipe.labelSmoothing']],
    [{ recipe: { mixup: { alpha: 0.2 } } }, ['recipe.mixup.alpha']],
    [{ recipe: { optimizer: { ...recipe.optimizer, momentum: 0.8 } } }, ['recipe.optimizer.momentum']],
    [
      {
        recipe: {
          fineTuning: { frozenStages: 2, frozenBatchNorm: false, layerDecay: 1, classifierRate: 1 },
        },
      },
      ['frozenStages', 'frozenBatchNorm', 'layerDecay', 'classifierRate'].map(
        (field) => `recipe.fineTuning.${field}`,
      ),
    ],
    [
      { recipe: { learningRate: { ...recipe.learningRate, milestones: [1] } } },
      ['recipe.learningRate.milestones'],
    ],
    [
      { recipe: { distillation: { teacher: '/teacher', temperature: 20, weight: 1, hardWeight: 1 } } },
      [
        'recipe.distillation.teacher',
        'recipe.distillation.temperature',
        'recipe.distillation.weight',
        'recipe.distillation.hardWeight',
      ],
    ],
  ])('cannot be continued when %j was changed', (changes, fields) => {
    expect(changedBy(changes)).toEqual(fields);
  });

  it('cannot be continued on other data', () => {
    expect(resumeCompatibility(state, smallSpec(), { dataFingerprint: 'e'.repeat(64) })).toEqual([
      { field: 'data', saved: 'd'.repeat(64), wanted: 'e'.repeat(64) },
    ]);
  });

  it('may be trained for more epochs unless a cosine is stretched over them', () => {
    expect(changedBy({ recipe: { epochs: 3 } })).toEqual(['recipe.epochs']);
    const learningRate = { ...recipe.learningRate, schedule: 'constant' as const };
    const constant = smallState(15, { spec: smallSpec({ recipe: { learningRate } }) });
    const wish = (epochs: number) =>
      resumeCompatibility(constant, smallSpec({ recipe: { epochs, learningRate } }), { dataFingerprint });
    expect(wish(9)).toEqual([]);
    expect(wish(1)).toEqual([{ field: 'recipe.epochs', saved: 2, wanted: 1 }]);
  });

  it('needs the same teacher, which is known by its weights', () => {
    const taughtBy = (teacher: string, teacherHash: string) => {
      const distillation = { teacher, temperature: 20, weight: 1, hardWeight: 1 };
      return { spec: smallSpec({ recipe: { distillation } }), teacherHash: teacherHash.repeat(64) };
    };
    const taught = smallState(15, taughtBy('/teacher', 'a'));
    const changes = ({ spec, teacherHash }: ReturnType<typeof taughtBy>) =>
      resumeCompatibility(taught, spec, { dataFingerprint, teacherHash });
    expect(changes(taughtBy('/moved', 'a'))).toEqual([]);
    expect(changes(taughtBy('/teacher', 'b'))).toEqual([
      { field: 'recipe.distillation.teacher', saved: 'a'.repeat(64), wanted: 'b'.repeat(64) },
    ]);
  });

  it('can be continued with what was asked for by its name or a name above it, and with nothing else', () => {
    const asking = (resumeWithChanges: string[]) => () =>
      requireCompatible(
        state,
        {
          ...smallSpec({
            recipe: { labelSmoothing: 0, learningRate: { ...recipe.learningRate, base: 0.2 } },
          }),
          resumeWithChanges,
        },
        { dataFingerprint: 'e'.repeat(64) },
      ).map(({ field }) => field);
    const fields = ['recipe.learningRate.base', 'recipe.labelSmoothing', 'data'];
    expect(asking(['recipe', 'data'])().toSorted()).toEqual(fields.toSorted());
    expect(asking(['recipe.learningRate', 'recipe.labelSmoothing', 'data'])()).toHaveLength(3);
    expect(asking(['recipe.learning', 'recipe.labelSmoothing', 'data'])).toThrow(
      'cannot be continued: recipe.learningRate.base was 0.1 and is now 0.2. Change back what was changed, name what may differ in spec.resumeWithChanges, or train',
    );
    expect(asking(['recipe'])).toThrow('cannot be continued: data was');
  });

  it('cannot be continued with another network, whatever was asked for', () => {
    const other = { ...smallSpec({ model: { depth: 20 } }), resumeWithChanges: ['recipe', 'data'] };
    expect(() => requireCompatible(state, other, { dataFingerprint })).toThrow('model.depth was 8');
  });

  it('is refused with every field named, before and after', () => {
    expect(() => {
      requireCompatible(state, smallSpec({ model: { depth: 20 }, recipe: { seed: 1 } }), { dataFingerprint });
    }).toThrow(
      expect.objectContaining({
        reason: 'IncompatibleCheckpoint',
        message:
          'the checkpoint of step 15 cannot be continued: model.depth was 8 and is now 20; recipe.seed was 0 and is now 1. Change back what was changed, or train from the beginning in a new run',
      }),
    );
  });
});
