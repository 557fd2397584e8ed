import { describe, expect, it } from 'vitest';

import { isTrainable } from '../model/network.ts';
import { planResNet } from '../model/resnet-plan.ts';
import { resNetVariables } from '../model/resnet-variables.ts';
import { elementCount } from '../tensorflow/host-tensor.ts';
import { decays } from './weight-decay.ts';

const split = (depth: 18 | 34 | 50 | 101 | 152, variant: 'B' | 'D', decayBiasAndNorm: boolean) => {
  const plan = planResNet({ depth, variant, stem: 'imagenet', classes: 1000, imageSize: 224, channels: 3 });
  const parameters = resNetVariables(plan, 1000).filter(isTrainable);
  const count = (decayed: boolean) => {
    const chosen = parameters.filter(({ kind }) => decays(kind, { decayBiasAndNorm }) === decayed);
    return [chosen.length, chosen.reduce((total, { shape }) => total + elementCount(shape), 0)];
  };
  return { decayed: count(true), undecayed: count(false) };
};

describe('no bias decay', () => {
  it('decays filters and matrices only', () => {
    expect(split(50, 'B', false)).toEqual({ decayed: [54, 25_502_912], undecayed: [107, 54_120] });
    expect(split(50, 'D', false)).toEqual({ decayed: [56, 25_522_016], undecayed: [111, 54_248] });
  });

  it.each([
    { depth: 18, decayed: 11_678_912, undecayed: 10_600 },
    { depth: 34, decayed: 21_779_648, undecayed: 18_024 },
    { depth: 101, decayed: 44_442_816, undecayed: 106_344 },
    { depth: 152, decayed: 60_040_384, undecayed: 152_424 },
  ] as const)('has the known counts for depth $depth', ({ depth, decayed, undecayed }) => {
    const counts = split(depth, 'B', false);
    expect([counts.decayed[1], counts.undecayed[1]]).toEqual([decayed, undecayed]);
  });

  it('is off when biases and norms are to decay: then all parameters do', () => {
    expect(split(50, 'B', true)).toEqual({ decayed: [161, 25_557_032], undecayed: [0, 0] });
  });
});
