import { describe, expect, it } from 'vitest';

import { isTrainable } from '../model/network.ts';
import { planResNet, type Architecture } from '../model/resnet-plan.ts';
import { resNetVariables } from '../model/resnet-variables.ts';
import { elementCount } from '../tensorflow/host-tensor.ts';
import { decays } from './weight-decay.ts';

const large = { stem: 'imagenet', classes: 1000, imageSize: 224, channels: 3 } as const;
const small = { stem: 'small', classes: 10, imageSize: 28, channels: 1 } as const;

/** Tensors and scalars that decay, and that do not. */
const split = (architecture: Architecture, decayBiasAndNorm: boolean) => {
  const parameters = resNetVariables(planResNet(architecture), architecture.classes).filter(isTrainable);
  const count = (decayed: boolean) => {
    const chosen = parameters.filter(({ kind }) => decays(kind, { decayBiasAndNorm }) === decayed);
    return [chosen.length, chosen.reduce((total, { shape }) => total + elementCount(shape), 0)];
  };
  return { decayed: count(true), undecayed: count(false) };
};

describe('no bias decay', () => {
  it('decays filters and matrices only', () => {
    const fifty = (variant: 'B' | 'D') => split({ ...large, depth: 50, variant }, false);
    expect(fifty('B')).toEqual({ decayed: [54, 25_502_912], undecayed: [107, 54_120] });
    expect(fifty('D')).toEqual({ decayed: [56, 25_522_016], undecayed: [111, 54_248] });
  });

  it.each([
    { depth: 18, decayed: 11_678_912, undecayed: 10_600 },
    { depth: 34, decayed: 21_779_648, undecayed: 18_024 },
    { depth: 50, decayed: 25_502_912, undecayed: 54_120 },
    { depth: 101, decayed: 44_442_816, undecayed: 106_344 },
    { depth: 152, decayed: 60_040_384, undecayed: 152_424 },
  ] as const)('has the known counts for depth $depth in all variants', ({ depth, decayed, undecayed }) => {
    for (const variant of ['A', 'B', 'C', 'D'] as const) {
      const counts = split({ ...large, depth, variant }, false);
      // The deep stem of C has 19,232 scalars more, 128 of them in two more normalisations of 32 channels.
      const deep = variant === 'C' || variant === 'D';
      expect([counts.decayed[1], counts.undecayed[1]]).toEqual([
        decayed + (deep ? 19_232 - 128 : 0),
        undecayed + (deep ? 128 : 0),
      ]);
    }
  });

  it.each([8, 14, 20, 32, 44, 56] as const)('leaves out all but filters and matrix of depth %i', (depth) => {
    const blocks = (depth - 2) / 6;
    const filters =
      9 * 16 + 9 * (2 * blocks * 16 ** 2) + 9 * (32 * 16 + (2 * blocks - 1) * 32 ** 2) + 32 * 16;
    const last = 9 * (64 * 32 + (2 * blocks - 1) * 64 ** 2) + 64 * 32;
    for (const variant of ['A', 'B', 'C', 'D'] as const) {
      const { decayed } = split({ ...small, depth, variant }, false);
      expect(decayed).toEqual([1 + 6 * blocks + 2 + 1, filters + last + 640]);
    }
  });

  it('is off when biases and norms are to decay: then all parameters do', () => {
    const counts = split({ ...large, depth: 50, variant: 'B' }, true);
    expect(counts).toEqual({ decayed: [161, 25_557_032], undecayed: [0, 0] });
  });
});
