import { describe, expect, it } from 'vitest';
import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { median } from './median.ts';
import { parzen } from './parzen.ts';
import { randomPoint } from './random.ts';
import type { Point } from './space.ts';
import { tpePoint, type Observation } from './tpe.ts';

/** Branin and Hoo (1972); the minimum is 0.397887. */
function branin([x = 0, y = 0]: Point): number {
  const curve = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}
const braninSpace: Parameter[] = [
  { path: 'x', double: { min: -5, max: 10, scale: 'linear' } },
  { path: 'y', double: { min: 0, max: 15, scale: 'linear' } },
];

/** Six-dimensional function of Hartmann (1973); the minimum is -3.32237. */
function hartmann6(point: Point): number {
  const weights = [1, 1.2, 3, 3.2];
  const shapes = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ];
  const centres = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
  ];
  const terms = weights.map((weight, row) => {
    const exponent = point.reduce(
      (sum, x, axis) => sum + (shapes[row]?.[axis] ?? 0) * (x - (centres[row]?.[axis] ?? 0)) ** 2,
      0,
    );
    return weight * Math.exp(-exponent);
  });
  return -terms.reduce((sum, term) => sum + term, 0);
}
const hartmannSpace: Parameter[] = Array.from({ length: 6 }, (_, axis) => ({
  path: `x${axis}`,
  double: { min: 0, max: 1, scale: 'linear' },
}));

/** A learning rate on a logarithmic scale beside a choice, as in training: the best is 0 at (1e-2, item 2). */
function mixed([rate = 1, choice = 0]: Point): number {
  return Math.log10(rate / 1e-2) ** 2 + ([1, 0.5, 0, 2][choice] ?? 0);
}
const mixedSpace: Parameter[] = [
  { path: 'rate', double: { min: 1e-5, max: 10, scale: 'log' } },
  { path: 'choice', values: ['a', 'b', 'c', 'd'] },
];

const seeds = Array.from({ length: 30 }, (_, seed) => seed);

function bestOf(
  trials: number,
  suggest: (index: number, observations: readonly Observation[]) => Point,
  loss: (point: Point) => number,
): number {
  const observations: Observation[] = [];
  for (let index = 0; index < trials; index += 1) {
    const point = suggest(index, observations);
    observations.push({ point, loss: loss(point) });
  }
  return Math.min(...observations.map((observation) => observation.loss));
}

describe('tpe', () => {
  it.each([
    { what: 'the function of Branin', loss: branin, space: braninSpace, trials: 60, atMost: 0.6 },
    { what: 'the function of Hartmann', loss: hartmann6, space: hartmannSpace, trials: 100, atMost: -2.9 },
    { what: 'a rate and a choice', loss: mixed, space: mixedSpace, trials: 40, atMost: 0.05 },
  ])('comes closer to the minimum of $what than random search does', ({ loss, space, trials, atMost }) => {
    const tpe = seeds.map((seed) =>
      bestOf(trials, (index, observations) => tpePoint(space, seed, index, observations), loss),
    );
    const random = seeds.map((seed) => bestOf(trials, (index) => randomPoint(space, seed, index), loss));
    expect(median(tpe)).toBeLessThan(median(random) ?? -Infinity);
    expect(median(tpe)).toBeLessThan(atMost);
  });

  it('draws at random until there is something to learn from', () => {
    const few = Array.from({ length: 9 }, (_, index) => ({
      point: randomPoint(braninSpace, 1, index),
      loss: index,
    }));
    expect(tpePoint(braninSpace, 1, 9, few)).toEqual(randomPoint(braninSpace, 1, 9));
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
