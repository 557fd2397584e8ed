import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveRecipe } from '../../operator/api/v1alpha1/presets.ts';
import { Recipe } from '../../operator/api/v1alpha1/recipe.ts';
import { planTraining } from './training-plan.ts';

const planWith = (every: { epochs?: number; steps?: number }, stepsPerEpoch = 10, epochs = 3) =>
  planTraining(
    {
      recipe: resolveRecipe(Recipe.parse({ epochs, batchSize: 4 })),
      checkpoints: { uri: '/runs', every, keep: { last: 3, best: true } },
    },
    stepsPerEpoch,
  );
const dueSteps = (plan: ReturnType<typeof planWith>) =>
  Array.from({ length: plan.steps + 1 }, (_, step) => step).filter((step) => plan.checkpointDue(step));

describe('the training plan', () => {
  it('has a checkpoint due at each interval and at the end', () => {
    expect(dueSteps(planWith({ epochs: 1 }))).toEqual([10, 20, 30]);
    expect(dueSteps(planWith({ epochs: 2 }))).toEqual([20, 30]);
    expect(dueSteps(planWith({ epochs: 0.5 }))).toEqual([5, 10, 15, 20, 25, 30]);
    expect(dueSteps(planWith({ epochs: 0.25 }))).toEqual([3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28, 30]);
    expect(dueSteps(planWith({ steps: 12 }))).toEqual([12, 24, 30]);
    expect(dueSteps(planWith({}))).toEqual([30]);
  });

  it('knows the last step of each epoch', () => {
    const plan = planWith({ epochs: 1 });
    expect([0, 9, 10, 11, 20].map((step) => plan.endsEpoch(step))).toEqual([false, false, true, false, true]);
    expect(plan.epochsAt(25)).toBe(2.5);
  });

  it('never lets more steps pass than the interval, rounded up', () => {
    const interval = fc.double({ min: 0.05, max: 3, noNaN: true });
    fc.assert(
      fc.property(interval, fc.integer({ min: 1, max: 50 }), (epochs, stepsPerEpoch) => {
        const due = [0, ...dueSteps(planWith({ epochs }, stepsPerEpoch))];
        const longest = Math.max(...due.slice(1).map((step, index) => step - (due[index] ?? 0)));
        expect(longest).toBeLessThanOrEqual(Math.ceil(epochs * stepsPerEpoch) + 1);
      }),
    );
  });
});
