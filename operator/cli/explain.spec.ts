import { describe, expect, it } from 'vitest';
import { explainField } from './explain.ts';

describe('explain', () => {
  it('shows type, bounds, the value of each preset and the meaning', () => {
    const lines = explainField('trainingrun.spec.recipe.labelSmoothing', 80).split('\n');
    expect(lines.slice(0, 6)).toEqual([
      'trainingrun.spec.recipe.labelSmoothing',
      '  type: number from 0 below 1',
      '  default with preset baseline: 0',
      '  default with preset efficient: 0',
      '  default with preset bag-of-tricks: 0.1',
      '  default with preset fine-tune: 0.1',
    ]);
    expect(lines[6]).toMatch(/^ {2}Probability taken from the true class/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows choices and plain defaults', () => {
    const text = explainField('TrainingRun.spec.model.variant', 80);
    expect(text).toContain('  type: A | B | C | D\n  default: "D"\n');
  });

  it('lists the fields below, also those of list items', () => {
    expect(explainField('trainingrun.spec.trainers.env', 80)).toMatch(
      /type: list of object\n(.*\n)*fields:\n {2}name </,
    );
    expect(explainField('trainingrun.spec.trainers.env[0].name', 80)).toContain('type: string');
    expect(explainField('trainingrun', 80)).toContain('\n  spec <object>\n');
  });

  it.each([
    ['trainingrun.spec.recpe', 'trainingrun.spec has no field "recpe"; did you mean recipe?'],
    [
      'trainingrun.spec.scheduling.zone',
      'trainingrun.spec.scheduling has no field "zone"; known here: gang, queueName, queuePriorityClass',
    ],
    ['trainingrun.spec.suspend.x', 'trainingrun.spec.suspend has no field "x"; known here: none'],
    ['pod', '"pod" is not a kind of this program; known kinds: trainingrun'],
  ])('refuses %s with its cure', (field, message) => {
    expect(() => explainField(field, 80)).toThrow(message);
  });
});
