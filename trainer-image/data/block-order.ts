import { counterRandom } from './random.ts';

/**
 * A random order in which the samples of one shard stay near each other, so that a cache that holds a block of shards
 * fetches each shard once an epoch.
 *
 * The shards are shuffled and cut into blocks; the samples of a block are shuffled among themselves. Two samples of the
 * same shard are therefore never further apart than a block, two of different shards meet in a block with probability
 * (shardsInBlock - 1) / (shards - 1), anew each epoch. With a block as long as the set it is a permutation like any
 * other. It depends on neither rank nor world size.
 * @param shard number of the shard of each sample
 */
export function blockOrder(
  shard: Uint32Array,
  shardsInBlock: number,
  seed: number,
  epoch: number,
): Uint32Array {
  const samplesOf: number[][] = [];
  for (const [sample, number] of shard.entries()) (samplesOf[number] ??= []).push(sample);
  const random = counterRandom(['block-order', seed, epoch]);
  const shuffle = <Item>(items: Item[]) => {
    for (let last = items.length - 1; last > 0; last -= 1) {
      const other = random.integer(last + 1);
      const [a, b] = [items[last], items[other]];
      if (a !== undefined && b !== undefined) [items[last], items[other]] = [b, a];
    }
    return items;
  };
  const shards = shuffle(samplesOf.filter((samples) => samples.length > 0));
  const order = new Uint32Array(shard.length);
  let filled = 0;
  for (let first = 0; first < shards.length; first += shardsInBlock) {
    const block = shuffle(shards.slice(first, first + shardsInBlock).flat());
    order.set(block, filled);
    filled += block.length;
  }
  return order;
}
