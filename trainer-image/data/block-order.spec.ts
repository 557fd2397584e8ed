import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOrder } from './block-order.ts';

const shards = (count: number, perShard: number) =>
  Uint32Array.from({ length: count * perShard }, (_, sample) => Math.floor(sample / perShard));

describe('the order by blocks of shards', () => {
  it('has every sample once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(7), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        (each, size, epoch) => {
          const order = blockOrder(Uint32Array.from(each), size, 0, epoch);
          expect([...order].sort((a, b) => a - b)).toEqual(each.map((_, sample) => sample));
        },
      ),
    );
  });

  it('needs no shard again once its block is over', () => {
    const shard = shards(12, 10);
    const order = [...blockOrder(shard, 3, 0, 0)].map((sample) => shard[sample] ?? -1);
    const blocks = [0, 30, 60, 90].map((first) => new Set(order.slice(first, first + 30)));
    expect(blocks.map(({ size }) => size)).toEqual([3, 3, 3, 3]);
    expect(new Set(blocks.flatMap((block) => [...block])).size).toBe(12);
  });

  it('mixes the shards of a block, and puts others together in the next epoch', () => {
    const shard = shards(12, 100);
    const neighbours = (epoch: number) => {
      const order = blockOrder(shard, 4, 0, epoch);
      return new Set([...order.subarray(0, 400)].map((sample) => shard[sample]));
    };
    expect(neighbours(0)).not.toEqual(neighbours(1));
    const order = [...blockOrder(shard, 4, 0, 0)].slice(0, 400).map((sample) => shard[sample]);
    const same = order.slice(1).filter((each, index) => each === order[index]).length;
    // 99 of 399 other samples of the block are of the same shard.
    expect(Math.abs(same / 399 - 99 / 399)).toBeLessThan(0.07);
  });

  it('stays what it is from release to release, or runs could not be continued', () => {
    expect([...blockOrder(shards(4, 3), 2, 0, 0)]).toMatchInlineSnapshot(`
      [
        10,
        3,
        4,
        5,
        11,
        9,
        2,
        8,
        0,
        6,
        7,
        1,
      ]
    `);
  });
});
