import { uniform } from '../../../operator/search/draws.ts';

/** Epochs of a whole trial. */
export const epochs = 27;
/** Steps of an epoch. */
export const stepsPerEpoch = 100;
/** An epoch on one GPU of the cluster, on average. */
const epochMs = 4 * 60_000;

/** What a trial is like, from the seed and its index alone: the same whatever runs it and when. */
export interface TrialNature {
  /** Duration of an epoch. */
  readonly epochMs: number;
  /** Top-1 after an epoch, 1 to 27. */
  top1(epoch: number): number;
}

/**
 * A made-up learning curve: top-1 nears its end exponentially, the end and the rate differ between trials, and every
 * evaluation errs by about as much as 10,000 validation images let it.
 */
export function trialNature(seed: number, index: number): TrialNature {
  const end = 0.5 + 0.45 * uniform(seed, 'end', index) ** 0.5;
  const rate = 3 + 5 * uniform(seed, 'rate', index);
  return {
    epochMs: epochMs * (0.8 + 0.4 * uniform(seed, 'speed', index)),
    top1: (epoch) => {
      const noise = 0.004 * (uniform(seed, 'noise', index, epoch) * 2 - 1);
      return Math.min(1, Math.max(0, end * (1 - Math.exp(-epoch / rate)) + noise));
    },
  };
}
