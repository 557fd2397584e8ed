import { describe, expect, it } from 'vitest';

import { float32Values } from '../tensorflow/host-tensor.ts';
import { initialValues, msraDeviation, xavierBound } from './initializers.ts';
import { batchNormVariables, convolutionVariable, denseVariables, type Network } from './network.ts';

const network: Network = {
  variables: [
    convolutionVariable('conv', 3, 64, 64),
    ...batchNormVariables('bn1', 8),
    ...batchNormVariables('bn2', 8, { endsResidualBlock: true }),
    ...denseVariables('fc', 512, 10),
  ],
  imageShape: [1, 1, 1],
  classes: 10,
  forward: () => {
    throw new Error('not used');
  },
};

const draw = (options: Partial<Parameters<typeof initialValues>[1]> = {}) =>
  new Map(
    initialValues(network, { initializer: 'xavier', zeroGamma: true, seed: 0, ...options }).map((tensor) => [
      tensor.name,
      float32Values(tensor),
    ]),
  );
const valuesOf = (drawn: ReturnType<typeof draw>, name: string) => drawn.get(name) ?? new Float32Array();
const mean = (values: Float32Array) => values.reduce((total, value) => total + value, 0) / values.length;
const deviation = (values: Float32Array) => {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
};

describe('Xavier bounds', () => {
  it.each([
    { shape: [7, 7, 3, 64], bound: 0.0427504 },
    { shape: [3, 3, 3, 32], bound: 0.13801311 },
    { shape: [3, 3, 64, 64], bound: 0.07216878 },
    { shape: [1, 1, 64, 256], bound: 0.13693064 },
    { shape: [3, 3, 512, 512], bound: 0.02551552 },
    { shape: [2048, 1000], bound: 0.04436783 },
    { shape: [512, 10], bound: 0.10721125 },
  ])('of $shape is $bound', ({ shape, bound }) => {
    expect(xavierBound(shape)).toBeCloseTo(bound, 7);
  });

  it('are kept by the values, which are uniform up to them', () => {
    const values = valuesOf(draw(), 'conv.weight');
    const bound = xavierBound([3, 3, 64, 64]);
    expect(values.every((value) => Math.abs(value) <= bound)).toBe(true);
    expect(Math.abs(deviation(values) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.01);
    expect(Math.abs(mean(values))).toBeLessThan(bound / 50);
  });
});

describe('MSRA deviations', () => {
  it('are those of the reference code', () => {
    expect(msraDeviation([3, 3, 64, 64])).toBeCloseTo(0.0571662, 7);
    expect(msraDeviation([7, 7, 3, 64])).toBeCloseTo(0.03386336, 7);
  });

  it('are met by the values', () => {
    const values = valuesOf(draw({ initializer: 'msra' }), 'conv.weight');
    expect(Math.abs(deviation(values) / msraDeviation([3, 3, 64, 64]) - 1)).toBeLessThan(0.01);
  });
});

describe('initial values', () => {
  it('scale by 1, but by 0 at the end of a residual block with zero gamma', () => {
    expect([...valuesOf(draw(), 'bn1.weight')]).toEqual(Array(8).fill(1));
    expect([...valuesOf(draw(), 'bn2.weight')]).toEqual(Array(8).fill(0));
    expect([...valuesOf(draw({ zeroGamma: false }), 'bn2.weight')]).toEqual(Array(8).fill(1));
  });

  it('start offsets and running means at 0 and running variances at 1', () => {
    expect([...valuesOf(draw(), 'bn1.bias')]).toEqual(Array(8).fill(0));
    expect([...valuesOf(draw(), 'fc.bias')]).toEqual(Array(10).fill(0));
    expect([...valuesOf(draw(), 'bn1.running_mean')]).toEqual(Array(8).fill(0));
    expect([...valuesOf(draw(), 'bn1.running_var')]).toEqual(Array(8).fill(1));
  });

  it('depend on the seed and nothing else', () => {
    expect(draw()).toEqual(draw());
    expect(valuesOf(draw({ seed: 1 }), 'fc.weight')).not.toEqual(valuesOf(draw(), 'fc.weight'));
  });
});
