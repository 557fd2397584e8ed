import { describe, expect, it } from 'vitest';
import { counterRandom } from './random.ts';

const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a random stream', () => {
  it('repeats itself for an equal key', () => {
    const first = counterRandom(['crop', 7, 3, 59_999]);
    const second = counterRandom(['crop', 7, 3, 59_999]);
    expect(draws(9, first.uniform)).toEqual(draws(9, second.uniform));
  });

  it('is another for keys that differ in one part, in type or in grouping', () => {
    const keys = [[1, 2], [2, 1], ['1', 2], [12], ['1,2'], [1, 2, 0]];
    const firsts = keys.map((key) => counterRandom(key).uniform());
    expect(new Set(firsts).size).toBe(keys.length);
  });

  it('stays what it is from release to release, or old runs could not be repeated', () => {
    const random = counterRandom(['golden', 0]);
    expect(draws(3, counterRandom(['golden', 0]).uniform)).toEqual([
      0.5624339603632285, 0.9995626803607689, 0.2446970323010892,
    ]);
    expect(draws(5, () => random.integer(1000))).toEqual([562, 999, 244, 98, 176]);
    expect(counterRandom(['golden', 0]).normal()).toBeCloseTo(1.2857071178245518, 12);
  });

  it('is uniform on [0, 1): mean 1/2, variance 1/12', () => {
    const values = draws(100_000, counterRandom(['uniform']).uniform);
    const average = mean(values);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(Math.abs(average - 0.5)).toBeLessThan(0.004);
    expect(Math.abs(mean(values.map((value) => (value - average) ** 2)) - 1 / 12)).toBeLessThan(0.001);
  });

  it('is standard normal: mean 0, variance 1, kurtosis 3', () => {
    const values = draws(100_000, counterRandom(['normal']).normal);
    expect(Math.abs(mean(values))).toBeLessThan(0.015);
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(0.02);
    expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan(0.15);
  });

  it('draws every integer below the bound about equally often', () => {
    const counts = new Array<number>(5).fill(0);
    const random = counterRandom(['integer']);
    for (const value of draws(50_000, () => random.integer(5))) counts[value] = (counts[value] ?? 0) + 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it('refuses bounds and keys that mean nothing', () => {
    expect(() => counterRandom([0]).integer(0)).toThrow('whole number from 1 to 2^32, not 0');
    expect(() => counterRandom([0]).integer(1.5)).toThrow(RangeError);
    expect(() => counterRandom(['seed', Number.NaN])).toThrow('NaN cannot be part of a random key');
  });
});
