import { describe, expect, it } from 'vitest';
import { figuresOf, interleave, ratioOf } from './rounds.ts';

describe('the figures of a bench', () => {
  it('are the median and the range', () => {
    expect(figuresOf([3, 1, 2])).toEqual({ median: 2, minimum: 1, maximum: 3 });
    expect(figuresOf([4, 1, 2, 3])).toEqual({ median: 2.5, minimum: 1, maximum: 4 });
  });

  it('are taken in turn, and compared round by round', async () => {
    const order: string[] = [];
    const contestant = (name: string, values: number[]) => () => {
      order.push(name);
      return Promise.resolve(values.shift() ?? NaN);
    };
    const results = await interleave(
      new Map([
        ['ours', contestant('ours', [10, 30])],
        ['theirs', contestant('theirs', [5, 10])],
      ]),
      2,
      () => undefined,
    );
    expect(order).toEqual(['ours', 'theirs', 'ours', 'theirs']);
    expect(ratioOf(results, 'ours', 'theirs')).toEqual({
      ...{ of: 'ours', to: 'theirs' },
      ...{ median: 2.5, minimum: 2, maximum: 3 },
    });
  });
});
