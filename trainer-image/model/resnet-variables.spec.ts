import { describe, expect, it } from 'vitest';

import { elementCount } from '../tensorflow/host-tensor.ts';
import { isTrainable, type VariableSpec } from './network.ts';
import { planResNet, type Architecture } from './resnet-plan.ts';
import { resNetVariables } from './resnet-variables.ts';

const large = { stem: 'imagenet', classes: 1000, imageSize: 224, channels: 3 } as const;
const small = { stem: 'small', classes: 10, imageSize: 28, channels: 1 } as const;

const variablesOf = (architecture: Architecture) =>
  resNetVariables(planResNet(architecture), architecture.classes);
const scalars = (variables: readonly VariableSpec[]) =>
  variables.reduce((total, { shape }) => total + elementCount(shape), 0);
const trainable = (architecture: Architecture) => variablesOf(architecture).filter(isTrainable);
const shapeOf = (variables: readonly VariableSpec[], name: string) =>
  variables.find((variable) => variable.name === name)?.shape;

describe('parameter counts of the ImageNet family', () => {
  it.each([
    { depth: 18, ab: 11_689_512, cd: 11_708_744 },
    { depth: 34, ab: 21_797_672, cd: 21_816_904 },
    { depth: 50, ab: 25_557_032, cd: 25_576_264 },
    { depth: 101, ab: 44_549_160, cd: 44_568_392 },
    { depth: 152, ab: 60_192_808, cd: 60_212_040 },
  ] as const)('are exact for depth $depth', ({ depth, ab, cd }) => {
    const counts = (['A', 'B', 'C', 'D'] as const).map((variant) =>
      scalars(trainable({ ...large, depth, variant })),
    );
    expect(counts).toEqual([ab, ab, cd, cd]);
  });

  it.each([
    { depth: 18, b: 11_181_642, d: 11_200_874 },
    { depth: 34, b: 21_289_802, d: 21_309_034 },
    { depth: 50, b: 23_528_522, d: 23_547_754 },
  ] as const)('are exact for depth $depth with ten classes', ({ depth, b, d }) => {
    expect(scalars(trainable({ ...large, depth, variant: 'B', classes: 10 }))).toBe(b);
    expect(scalars(trainable({ ...large, depth, variant: 'D', classes: 10 }))).toBe(d);
  });

  it.each([
    { depth: 18, b: 20, d: 22 },
    { depth: 34, b: 36, d: 38 },
    { depth: 50, b: 53, d: 55 },
    { depth: 101, b: 104, d: 106 },
    { depth: 152, b: 155, d: 157 },
  ] as const)('depth $depth has $b convolutions in B and $d in D', ({ depth, b, d }) => {
    const convolutions = (variant: 'B' | 'D') =>
      variablesOf({ ...large, depth, variant }).filter(({ kind }) => kind === 'convolution').length;
    expect([convolutions('B'), convolutions('D')]).toEqual([b, d]);
  });

  it('has as many running statistics as scales and offsets', () => {
    const variables = variablesOf({ ...large, depth: 50, variant: 'D' });
    const ofKinds = (...kinds: string[]) => scalars(variables.filter(({ kind }) => kinds.includes(kind)));
    expect(ofKinds('runningMean', 'runningVariance')).toBe(ofKinds('gamma', 'beta'));
  });
});

describe('parameter counts of the small family', () => {
  it.each([
    { depth: 8, count: 77_754 },
    { depth: 14, count: 174_970 },
    { depth: 20, count: 272_186 },
    { depth: 32, count: 466_618 },
    { depth: 44, count: 661_050 },
    { depth: 56, count: 855_482 },
  ] as const)('are exact for depth $depth in all variants', ({ depth, count }) => {
    for (const variant of ['A', 'B', 'C', 'D'] as const) {
      expect(scalars(trainable({ ...small, depth, variant }))).toBe(count);
    }
  });

  it('does not exist for depths other than 6n + 2', () => {
    expect(() => planResNet({ ...small, depth: 18, variant: 'A' })).toThrow(RangeError);
    expect(() => planResNet({ ...large, depth: 20, variant: 'A' })).toThrow(RangeError);
  });
});

describe('names and shapes', () => {
  it('are those of torchvision for B', () => {
    const variables = variablesOf({ ...large, depth: 50, variant: 'B' });
    expect(shapeOf(variables, 'conv1.weight')).toEqual([7, 7, 3, 64]);
    expect(shapeOf(variables, 'layer1.0.downsample.0.weight')).toEqual([1, 1, 64, 256]);
    expect(shapeOf(variables, 'layer4.2.bn3.running_var')).toEqual([2048]);
    expect(shapeOf(variables, 'fc.weight')).toEqual([2048, 1000]);
    expect(variables.length).toBe(53 * 5 + 2);
  });

  it('are those of timm for D', () => {
    const variables = variablesOf({ ...large, depth: 50, variant: 'D' });
    expect(shapeOf(variables, 'conv1.0.weight')).toEqual([3, 3, 3, 32]);
    expect(shapeOf(variables, 'conv1.1.running_mean')).toEqual([32]);
    expect(shapeOf(variables, 'conv1.3.weight')).toEqual([3, 3, 32, 32]);
    expect(shapeOf(variables, 'conv1.6.weight')).toEqual([3, 3, 32, 64]);
    expect(shapeOf(variables, 'bn1.weight')).toEqual([64]);
    expect(shapeOf(variables, 'layer1.0.downsample.1.weight')).toEqual([1, 1, 64, 256]);
    expect(shapeOf(variables, 'layer2.0.downsample.2.running_var')).toEqual([512]);
  });

  it('are unique', () => {
    const names = variablesOf({ ...large, depth: 152, variant: 'D' }).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('zero gamma', () => {
  it.each([
    { depth: 18, blocks: 8, channels: 1920 },
    { depth: 34, blocks: 16, channels: 3776 },
    { depth: 50, blocks: 16, channels: 15_104 },
    { depth: 101, blocks: 33, channels: 32_512 },
    { depth: 152, blocks: 50, channels: 47_872 },
  ] as const)('concerns $blocks scales of depth $depth in all variants', ({ depth, blocks, channels }) => {
    for (const variant of ['A', 'B', 'C', 'D'] as const) {
      const zeroed = variablesOf({ ...large, depth, variant }).filter((spec) => spec.endsResidualBlock);
      expect([zeroed.length, scalars(zeroed)]).toEqual([blocks, channels]);
      expect(zeroed.every(({ kind, name }) => kind === 'gamma' && !name.includes('downsample'))).toBe(true);
    }
  });

  it.each([8, 14, 20, 32, 44, 56] as const)(
    'concerns a scale of each block of the small depth %i',
    (depth) => {
      for (const variant of ['A', 'B', 'C', 'D'] as const) {
        const zeroed = variablesOf({ ...small, depth, variant }).filter((spec) => spec.endsResidualBlock);
        const blocks = (depth - 2) / 2;
        expect([zeroed.length, scalars(zeroed)]).toEqual([blocks, ((16 + 32 + 64) * blocks) / 3]);
      }
    },
  );
});

describe('strides', () => {
  const block = (depth: Architecture['depth'], variant: Architecture['variant']) =>
    planResNet({ ...large, depth, variant }).blocks.find(
      ({ path }) => path[0]?.convolution === 'layer2.0.conv1',
    );
  const strides = (depth: Architecture['depth'], variant: Architecture['variant']) =>
    block(depth, variant)?.path.map(({ stride }) => stride);

  it('are in the 1x1 convolution of a bottleneck in A, in the 3x3 from B on', () => {
    expect(strides(50, 'A')).toEqual([2, 1, 1]);
    expect(strides(50, 'B')).toEqual([1, 2, 1]);
  });

  it('are in the first convolution of a basic block always', () => {
    expect(strides(18, 'A')).toEqual([2, 1]);
    expect(strides(18, 'D')).toEqual([2, 1]);
  });

  it('are replaced by pooling in the shortcut of D', () => {
    expect(block(50, 'C')?.shortcut).toMatchObject({ averagePool: false, projection: { stride: 2 } });
    expect(block(50, 'D')?.shortcut).toMatchObject({ averagePool: true, projection: { stride: 1 } });
  });
});
