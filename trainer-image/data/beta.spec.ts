import { describe, expect, it } from 'vitest';
import { drawBeta } from './beta.ts';
import { counterRandom } from './random.ts';

const draws = (alpha: number) => {
  const random = counterRandom(['beta', alpha]);
  return Array.from({ length: 100_000 }, () => drawBeta(alpha, random));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (values: readonly number[], bound: number) =>
  mean(values.map((value) => (value < bound ? 1 : 0)));

describe('Beta(0.2, 0.2)', () => {
  const values = draws(0.2);

  it('has mean 1/2 and variance 0.17857', () => {
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.004);
    expect(Math.abs(mean(values.map((value) => (value - 0.5) ** 2)) - 0.1785714286)).toBeLessThan(0.004);
  });

  it('has its weight at the ends', () => {
    expect(Math.abs(share(values, 0.1) - 0.3367)).toBeLessThan(0.004);
    expect(Math.abs(share(values, 0.01) - 0.2098)).toBeLessThan(0.004);
    expect(Math.abs(mean(values.map((value) => Math.max(value, 1 - value))) - 0.8988)).toBeLessThan(0.004);
  });
});

describe('a Beta draw', () => {
  it('is uniform for alpha 1 and narrow for a large alpha', () => {
    expect(Math.abs(share(draws(1), 0.25) - 0.25)).toBeLessThan(0.005);
    // Variance of Beta(a, a) is 1 / (4 (2a + 1)).
    expect(Math.abs(mean(draws(10).map((value) => (value - 0.5) ** 2)) - 1 / 84)).toBeLessThan(0.0005);
  });

  it('stays within 0 and 1 where gamma draws underflow', () => {
    const random = counterRandom(['tiny']);
    for (let index = 0; index < 1000; index += 1) {
      const value = drawBeta(1e-4, random);
      expect(value >= 0 && value <= 1).toBe(true);
    }
  });

  it('needs a positive alpha', () => {
    expect(() => drawBeta(0, counterRandom([0]))).toThrow('alpha must be above 0, not 0');
  });
});
