import { describe, expect, it } from 'vitest';
import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { median } from './median.ts';
import { parzen } from './parzen.ts';
import { randomPoint } from './random.ts';
import type { Point } from './space.ts';
import { bestFound, branin, hartmann, rateAndChoice } from './testing/test-problems.ts';
import { tpePoint } from './tpe.ts';

const seeds = Array.from({ length: 30 }, (_, seed) => seed);

describe('tpe', () => {
  it.each([
    { what: 'the function of Branin', problem: branin, atMost: 0.6 },
    { what: 'the function of Hartmann', problem: hartmann, atMost: -2.9 },
    { what: 'a rate and a choice', problem: rateAndChoice, atMost: 0.05 },
  ])('comes closer to the minimum of $what than random search does', ({ problem, atMost }) => {
    const tpe = seeds.map((seed) => bestFound(problem, 'tpe', seed));
    const random = seeds.map((seed) => bestFound(problem, 'random', seed));
    expect(median(tpe)).toBeLessThan(median(random) ?? -Infinity);
    expect(median(tpe)).toBeLessThan(atMost);
  });

  it('draws at random until there is something to learn from', () => {
    const few = Array.from({ length: 9 }, (_, index) => ({
      point: randomPoint(branin.space, 1, index),
      loss: index,
    }));
    expect(tpePoint(branin.space, 1, 9, few)).toEqual(randomPoint(branin.space, 1, 9));
  });

  it('keeps away from where a trial is under way', () => {
    const observations = Array.from({ length: 20 }, (_, index) => ({
      point: [index === 0 ? 2 : index % 2, index],
      loss: index === 0 ? 0 : 10,
    }));
    const space: Parameter[] = [
      { path: 'choice', values: ['a', 'b', 'c'] },
      { path: 'x', double: { min: 0, max: 20, scale: 'linear' } },
    ];
    const share = (pending: readonly Point[]) =>
      seeds.filter((seed) => tpePoint(space, seed, 20, observations, pending)[0] === 2).length;
    const crowd = Array.from({ length: 30 }, () => [2, 0]);
    expect(share([])).toBe(seeds.length);
    expect(share(crowd)).toBeLessThan(seeds.length);
  });
});

describe('a Parzen density', () => {
  it('has mass 1, and draws that follow it', () => {
    const density = parzen([0.1, 0.12, 0.15, 0.8]);
    const places = Array.from({ length: 1000 }, (_, index) => (index + 0.5) / 1000);
    const mass = places.reduce((sum, place) => sum + density.at(place) / places.length, 0);
    expect(mass).toBeCloseTo(1, 3);
    const massBelow = places
      .filter((place) => place < 0.4)
      .reduce((sum, place) => sum + density.at(place) / places.length, 0);
    const grid = Array.from({ length: 50 }, (_, index) => (index + 0.5) / 50);
    const draws = grid.flatMap((kernel) => grid.map((place) => density.sample(kernel, place)));
    expect(draws.filter((draw) => draw < 0.4).length / draws.length).toBeCloseTo(massBelow, 1);
  });
});
