import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writeSmallDataSet } from '../fixtures/small-data-set.ts';
import { runRanks } from '../golden/run-ranks.ts';
import type { EquivalenceAnswer, EquivalenceTask } from './ranks/equivalence.ts';

/*
 * float32 amplifies the order of a sum by up to 0.1 in 50 steps, because ReLUs have kinks; so equality is shown in
 * float64, where the same drifts by 1e-13.
 */
const bound = 1e-11;

const synchronised: EquivalenceTask = {
  changes: { model: { batchNorm: 'synchronised', zeroGamma: false }, recipe: { batchSize: 64 } },
  steps: 50,
  images: { shares: [64] },
  teacher: false,
  naiveMean: false,
};

async function train(worldSize: number, task: EquivalenceTask): Promise<EquivalenceAnswer> {
  const answers = (await runRanks(
    new URL('ranks/equivalence.ts', import.meta.url),
    worldSize,
    task,
  )) as EquivalenceAnswer[];
  const [first] = answers;
  if (first === undefined) throw new Error('no rank answered');
  for (const { losses } of answers) expect(losses).toEqual(first.losses);
  return first;
}

const onShares = (shares: readonly number[], changes: Partial<EquivalenceTask> = {}) =>
  train(shares.length, { ...synchronised, ...changes, images: { shares } });

// Copied, because a buffer of Node's may lie anywhere in a larger one.
const values = (base64: string) => new Float64Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);

/** The largest difference of any element of any tensor, and of any loss. */
function difference(a: EquivalenceAnswer, b: EquivalenceAnswer): number {
  expect(Object.keys(a.tensors)).toEqual(Object.keys(b.tensors));
  let largest = 0;
  const compare = (one: ArrayLike<number>, other: ArrayLike<number>) => {
    expect(one.length).toBe(other.length);
    for (let index = 0; index < one.length; index++) {
      const apart = Math.abs((one[index] ?? NaN) - (other[index] ?? NaN));
      if (!(apart <= largest)) largest = apart;
    }
  };
  for (const [name, tensor] of Object.entries(a.tensors))
    compare(values(tensor), values(b.tensors[name] ?? ''));
  compare(a.losses, b.losses);
  compare(a.divergences, b.divergences);
  return largest;
}

describe('synchronised batch normalisation in float64', () => {
  it('makes 2 ranks of 32, 4 of 16 and uneven ranks what 1 rank of 64 is, for 50 steps', async () => {
    const whole = await onShares([64]);
    expect(whole.losses.at(-1)).not.toBe(whole.losses[0]);
    for (const shares of [
      [32, 32],
      [16, 16, 16, 16],
      [40, 24],
    ]) {
      expect(difference(await onShares(shares), whole), shares.join()).toBeLessThan(bound);
    }
  });

  it('is not so if every rank is weighted alike, when shares are uneven', async () => {
    const whole = await onShares([64], { steps: 5 });
    const naive = await onShares([40, 24], { steps: 5, naiveMean: true });
    expect(difference(naive, whole)).toBeGreaterThan(1e-4);
    expect(difference(await onShares([40, 24], { steps: 5 }), whole)).toBeLessThan(bound);
  });

  it('is that of the fused kernel on one rank', async () => {
    const fused = await onShares([64], {
      changes: { ...synchronised.changes, model: { batchNorm: 'local', zeroGamma: false } },
    });
    expect(difference(await onShares([64]), fused)).toBeLessThan(bound);
  });
});

describe('local batch normalisation in float64', () => {
  const local = (accumulationSteps: number): Partial<EquivalenceTask> => ({
    changes: {
      model: { batchNorm: 'local', zeroGamma: false },
      recipe: { batchSize: 64, accumulationSteps },
    },
  });

  it('on ranks is ghost batch normalisation on one, in as many pieces as there were ranks', async () => {
    for (const worldSize of [2, 4]) {
      const shares = Array.from({ length: worldSize }, () => 64 / worldSize);
      const ghost = await onShares([64], local(worldSize));
      expect(difference(await onShares(shares, local(1)), ghost)).toBeLessThan(bound);
    }
  });

  it('is not that of the whole batch', async () => {
    const whole = await onShares([64], { ...local(1), steps: 5 });
    expect(difference(await onShares([32, 32], { ...local(1), steps: 5 }), whole)).toBeGreaterThan(1e-4);
  });

  it('sees a piece where ranks accumulate: 2 ranks in 2 pieces are 1 rank in 4', async () => {
    const ghost = await onShares([64], local(4));
    expect(difference(await onShares([32, 32], local(2)), ghost)).toBeLessThan(bound);
  });
});

describe('the whole recipe in float64', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'equivalence-'));
    await writeSmallDataSet(folder, { training: 200, validation: 10 });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is the same on 1, 2 and 4 ranks for 50 steps: order, augmentation, mixup, smoothing, a teacher, averages', async () => {
    const task: EquivalenceTask = {
      changes: {
        model: { batchNorm: 'synchronised', zeroGamma: true },
        data: { augmentation: 'light' },
        recipe: {
          batchSize: 16,
          mixup: { alpha: 0.2 },
          labelSmoothing: 0.1,
          distillation: { teacher: '/none', temperature: 20, weight: 0.5, hardWeight: 0.5 },
          averaging: { decay: 0.9 },
        },
      },
      steps: 50,
      images: { folder },
      teacher: true,
      naiveMean: false,
    };
    const whole = await train(1, task);
    expect(Math.max(...whole.divergences)).toBeGreaterThan(0);
    expect(Object.keys(whole.tensors)).toContain('fc.weight.average');
    for (const worldSize of [2, 4]) {
      expect(difference(await train(worldSize, task), whole)).toBeLessThan(bound);
    }
  });
});
