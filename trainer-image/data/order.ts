import { counterRandom } from './random.ts';

/*
 * Which samples a step trains on is known from its number alone: an epoch is one permutation of the whole
 * training set, decided by seed and epoch, and step t of the epoch takes the t-th piece of it, as long as the
 * global batch. Rank r of k takes every k-th sample of the piece, from the r-th on. So neither the number of
 * ranks nor an interruption changes what a step sees. What is left at the end of an epoch and does not fill a
 * batch is dropped: with another permutation in the next epoch, other samples are.
 */

/** A random permutation of 0 to size - 1, by Fisher and Yates. */
export function epochOrder(size: number, seed: number, epoch: number): Uint32Array {
  const random = counterRandom(['order', seed, epoch]);
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const sample = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = sample;
  }
  return order;
}

/** Whole batches in an epoch. */
export function stepsInEpoch(size: number, batchSize: number): number {
  return Math.floor(size / batchSize);
}

/**
 * This rank's part of 0 to size - 1: every k-th, from its own rank on. All ranks together have each exactly
 * once.
 */
export function rankShare(size: number, { rank, worldSize }: { rank: number; worldSize: number }): number[] {
  const share: number[] = [];
  for (let position = rank; position < size; position += worldSize) share.push(position);
  return share;
}
