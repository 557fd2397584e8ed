import { describe, expect, it } from 'vitest';
import { planStrikes, seededRandom } from './schedule.ts';

const planOf = (seed: number, count = 22) =>
  planStrikes(count, seededRandom(seed)).map(({ kind, afterSteps, afterMs }) => ({
    kind,
    afterSteps,
    afterMs,
  }));

describe('a schedule of faults', () => {
  it('follows from its seed', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it('has every kind as often as any other', () => {
    const counts = Map.groupBy(planOf(3), ({ kind }) => kind);
    expect(counts.size).toBe(11);
    expect([...counts.values()].every((strikes) => strikes.length === 2)).toBe(true);
  });
});
