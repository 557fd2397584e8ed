import { describe, expect, it } from 'vitest';
import { compareRuns, drawComparison } from './comparison.ts';
import { createStyle } from './style.ts';
import { halfway, testRun } from './test-run.ts';

const plain = createStyle(false);
const withMixup = testRun({ ...halfway, restarts: { total: 1, charged: 1 } }, 'mixup', {
  recipe: { mixup: { alpha: 0.2 } },
});
const without = testRun(halfway, 'plain', { recipe: { preset: 'baseline', epochs: 9 } });

describe('a comparison of runs', () => {
  it('shows fields that differ with presets resolved, and none that are the same', () => {
    const { differences } = compareRuns([withMixup, without]);
    const fields = differences.map(({ field }) => field);
    expect(fields).toContain('spec.recipe.epochs');
    expect(fields).not.toContain('spec.data.format');
    expect(differences.find(({ field }) => field === 'spec.recipe.mixup.alpha')?.values).toEqual([0.2, 0]);
  });

  it('lets the best of each figure stand out, but not where all are equal', () => {
    const coloured = drawComparison(compareRuns([withMixup, without]), 100, createStyle(true));
    const restarts = coloured.find((line) => line.startsWith('restarts')) ?? '';
    expect(restarts).toContain('\u001b[32m0');
    expect(coloured.find((line) => line.startsWith('top-1'))).not.toContain('\u001b');
  });

  it('says when the specs are the same, and fits the terminal', () => {
    const same = drawComparison(compareRuns([withMixup, withMixup]), 80, plain);
    expect(same.at(-1)).toBe('the specs are the same');
    for (const line of drawComparison(compareRuns([withMixup, without]), 80, plain))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it('has a place for runs that have not begun', () => {
    const lines = drawComparison(compareRuns([withMixup, testRun(undefined, 'new')]), 80, plain);
    expect(lines.find((line) => line.startsWith('top-1'))).toMatch(/88\.31 % +-$/);
  });
});
