import type { Parameter } from '../../api/v1alpha1/training-sweep-spec.ts';
import { randomPoint } from '../random.ts';
import type { Point } from '../space.ts';
import { tpePoint, type Observation } from '../tpe.ts';

/** A function with a known minimum, and how many trials a search may make to come near it. */
export interface TestProblem {
  readonly space: Parameter[];
  readonly loss: (point: Point) => number;
  readonly trials: number;
  readonly minimum: number;
}

/** Branin and Hoo (1972). */
export const branin: TestProblem = {
  space: [
    { path: 'x', double: { min: -5, max: 10, scale: 'linear' } },
    { path: 'y', double: { min: 0, max: 15, scale: 'linear' } },
  ],
  loss([x = 0, y = 0]) {
    const curve = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
    return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
  trials: 60,
  minimum: 0.397887,
};

const hartmannWeights = [1, 1.2, 3, 3.2];
const hartmannShapes = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannCentres = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** Six-dimensional function of Hartmann (1973). */
export const hartmann: TestProblem = {
  space: Array.from({ length: 6 }, (_, axis) => ({
    path: `x${axis}`,
    double: { min: 0, max: 1, scale: 'linear' },
  })),
  loss: (point) =>
    -hartmannWeights
      .map((weight, row) => {
        const exponent = point.reduce(
          (sum, x, axis) =>
            sum + (hartmannShapes[row]?.[axis] ?? 0) * (x - (hartmannCentres[row]?.[axis] ?? 0)) ** 2,
          0,
        );
        return weight * Math.exp(-exponent);
      })
      .reduce((sum, term) => sum + term, 0),
  trials: 100,
  minimum: -3.32237,
};

/** A learning rate on a logarithmic scale beside a choice, as in training: the best is a rate of 1e-2 and the third. */
export const rateAndChoice: TestProblem = {
  space: [
    { path: 'rate', double: { min: 1e-5, max: 10, scale: 'log' } },
    { path: 'choice', values: ['a', 'b', 'c', 'd'] },
  ],
  loss: ([rate = 1, choice = 0]) => Math.log10(rate / 1e-2) ** 2 + ([1, 0.5, 0, 2][choice] ?? 0),
  trials: 40,
  minimum: 0,
};

/** The least loss that a search finds in the trials of a problem. */
export function bestFound(
  { space, loss, trials }: TestProblem,
  algorithm: 'tpe' | 'random',
  seed: number,
): number {
  const observations: Observation[] = [];
  for (let index = 0; index < trials; index += 1) {
    const point =
      algorithm === 'tpe' ? tpePoint(space, seed, index, observations) : randomPoint(space, seed, index);
    observations.push({ point, loss: loss(point) });
  }
  return Math.min(...observations.map((observation) => observation.loss));
}
