import { describe, expect, it } from 'vitest';
import { formatChange, specChanges } from './spec-changes.ts';

describe('changes between specs', () => {
  it('are the deepest fields that differ, lists as a whole', () => {
    const from = { recipe: { epochs: 6, seed: 0 }, data: { train: '/a' }, milestones: [30, 60] };
    const to = {
      recipe: { epochs: 7, mixup: { alpha: 0 }, seed: 0 },
      data: { train: '/a' },
      milestones: [30],
    };
    expect(specChanges(from, to).map(formatChange)).toEqual([
      'spec.recipe.epochs: 6 -> 7',
      'spec.recipe.mixup: not set -> {"alpha":0}',
      'spec.milestones: [30,60] -> [30]',
    ]);
  });

  it('are none between equal specs, whatever the order of their fields', () => {
    expect(specChanges({ a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 })).toEqual([]);
  });
});
