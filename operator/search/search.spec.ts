import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { ablationCell } from './ablation.ts';
import { gridPoint, gridSize } from './grid.ts';
import { randomPoint } from './random.ts';
import { coordinateAt, settingsAt, shareOf } from './space.ts';
import { tpePoint } from './tpe.ts';

const range = fc
  .tuple(fc.double({ min: 1e-6, max: 100, noNaN: true }), fc.double({ min: 1.01, max: 1e4, noNaN: true }))
  .map(([min, factor]) => ({ min, max: min * factor }));

const parameter: fc.Arbitrary<Parameter> = fc.oneof(
  fc.tuple(range, fc.constantFrom('linear' as const, 'log' as const)).map(([ends, scale]) => ({
    path: 'recipe.learningRate.base',
    double: { ...ends, scale },
  })),
  fc
    .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 7 }))
    .map(([min, width, step]) => ({ path: 'recipe.epochs', int: { min, max: min + width, step } })),
  fc
    .uniqueArray(fc.oneof(fc.integer(), fc.string(), fc.boolean()), { minLength: 1, maxLength: 8 })
    .map((values) => ({ path: 'model.variant', values })),
);
const parameters = fc.array(parameter, { minLength: 1, maxLength: 4 });
const seed = fc.nat(1000);
const index = fc.nat(999);

function isAllowed({ double, int, values }: Parameter, coordinate: number): boolean {
  if (double !== undefined) return coordinate >= double.min && coordinate <= double.max;
  if (int !== undefined)
    return coordinate >= int.min && coordinate <= int.max && (coordinate - int.min) % int.step === 0;
  return values?.[coordinate] !== undefined;
}

describe('a random point', () => {
  it('is in the space, and the same whenever it is asked for', () => {
    fc.assert(
      fc.property(parameters, seed, index, (space, ...draw) => {
        const point = randomPoint(space, ...draw);
        expect(
          point.every((coordinate, dimension) => isAllowed(space[dimension] ?? { path: '' }, coordinate)),
        ).toBe(true);
        expect(randomPoint(space, ...draw)).toEqual(point);
      }),
    );
  });

  it('takes all orders of magnitude alike on a logarithmic scale', () => {
    const space: Parameter[] = [{ path: 'a', double: { min: 1e-4, max: 1, scale: 'log' } }];
    const draws = Array.from({ length: 2000 }, (_, trial) => randomPoint(space, 7, trial)[0] ?? 0);
    // Half of them below the geometric mean: 1000 of 2000, five standard deviations are 112.
    const below = draws.filter((draw) => draw < 1e-2).length;
    expect(below).toBeGreaterThan(888);
    expect(below).toBeLessThan(1112);
  });

  it('takes all values of a list and all whole numbers alike', () => {
    const space: Parameter[] = [
      { path: 'a', values: ['x', 'y', 'z'] },
      { path: 'b', int: { min: 2, max: 8, step: 3 } },
    ];
    const draws = Array.from({ length: 3000 }, (_, trial) => randomPoint(space, 7, trial));
    for (const [dimension, items] of [
      [0, [0, 1, 2]],
      [1, [2, 5, 8]],
    ] as const) {
      for (const item of items) {
        // 1000 of 3000 expected, five standard deviations are 129.
        const count = draws.filter((point) => point[dimension] === item).length;
        expect(Math.abs(count - 1000)).toBeLessThan(129);
      }
    }
  });
});

describe('a grid', () => {
  const discrete = fc.array(
    parameter.filter(({ double }) => double === undefined),
    { minLength: 1, maxLength: 3 },
  );

  it('has every combination once', () => {
    fc.assert(
      fc.property(discrete, (space) => {
        const size = gridSize(space);
        const points = Array.from({ length: size }, (_, trial) => gridPoint(space, trial).join());
        expect(new Set(points).size).toBe(size);
      }),
      { numRuns: 30 },
    );
  });

  it('changes the last parameter fastest', () => {
    const space: Parameter[] = [
      { path: 'a', values: ['x', 'y'] },
      { path: 'b', int: { min: 1, max: 3, step: 1 } },
    ];
    const points = Array.from({ length: gridSize(space) }, (_, trial) =>
      settingsAt(space, gridPoint(space, trial)).map(({ value }) => value),
    );
    expect(points).toEqual([
      ['x', 1],
      ['x', 2],
      ['x', 3],
      ['y', 1],
      ['y', 2],
      ['y', 3],
    ]);
  });
});

describe('the scale of a parameter', () => {
  it('gives back the coordinate that a share stands for', () => {
    fc.assert(
      fc.property(parameter, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, share) => {
        const coordinate = coordinateAt(one, share);
        expect(isAllowed(one, coordinate)).toBe(true);
        expect(coordinateAt(one, shareOf(one, coordinate))).toBe(coordinate);
      }),
    );
  });
});

describe('a point of tpe', () => {
  it('is in the space, and a function of the seed, the index and what was observed', () => {
    fc.assert(
      fc.property(parameters, seed, fc.integer({ min: 10, max: 40 }), (space, ...draw) => {
        const observations = Array.from({ length: draw[1] }, (_, trial) => ({
          point: randomPoint(space, draw[0], trial),
          loss: (trial * 7919) % 101,
        }));
        const point = tpePoint(space, ...draw, observations);
        expect(
          point.every((coordinate, dimension) => isAllowed(space[dimension] ?? { path: '' }, coordinate)),
        ).toBe(true);
        expect(tpePoint(space, ...draw, observations)).toEqual(point);
      }),
      { numRuns: 30 },
    );
  });
});

describe('an ablation', () => {
  const rows = [
    { name: 'baseline', set: { recipe: { epochs: 6 } } },
    { name: 'cosine', set: { recipe: { learningRate: { schedule: 'cosine' as const } } } },
    { name: 'smoothing', set: { recipe: { labelSmoothing: 0.1 } } },
    { name: 'mixup alone', from: 'cosine', set: { recipe: { mixup: { alpha: 0.2 } } } },
  ];
  const overlays = (mode: 'cumulative' | 'oneAtATime') =>
    rows.map((_, cell) => ablationCell({ rows, mode, seeds: [5, 6] }, cell)?.overlay);

  it('adds every row to the one before, or to the one that it names', () => {
    const cosine = { epochs: 6, learningRate: { schedule: 'cosine' }, seed: 5 };
    expect(overlays('cumulative')).toEqual([
      { recipe: { epochs: 6, seed: 5 } },
      { recipe: cosine },
      { recipe: { ...cosine, labelSmoothing: 0.1 } },
      { recipe: { ...cosine, mixup: { alpha: 0.2 } } },
    ]);
  });

  it('adds every row to the first, one at a time', () => {
    expect(overlays('oneAtATime').slice(0, 3)).toEqual([
      { recipe: { epochs: 6, seed: 5 } },
      { recipe: { epochs: 6, learningRate: { schedule: 'cosine' }, seed: 5 } },
      { recipe: { epochs: 6, labelSmoothing: 0.1, seed: 5 } },
    ]);
  });

  it('keeps every cell where it is when seeds are added', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { minLength: 2, maxLength: 6 }), (seeds) => {
        const table = { rows, mode: 'cumulative' as const };
        const fewer = seeds.slice(0, -1);
        for (let cell = 0; cell < rows.length * fewer.length; cell += 1)
          expect(ablationCell({ ...table, seeds }, cell)).toEqual(
            ablationCell({ ...table, seeds: fewer }, cell),
          );
        expect(ablationCell({ ...table, seeds }, rows.length * seeds.length)).toBeUndefined();
      }),
    );
  });
});
