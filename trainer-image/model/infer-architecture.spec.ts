import { describe, expect, it } from 'vitest';

import { inferArchitecture } from './infer-architecture.ts';
import { planResNet, type Architecture } from './resnet-plan.ts';
import { resNetVariables } from './resnet-variables.ts';

/** Names and shapes of a network's tensors as torchvision lays them out. */
function torchShapes(architecture: Architecture) {
  return resNetVariables(planResNet(architecture), architecture.classes).map(({ name, kind, shape }) => {
    const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
    return { name, shape: kind === 'convolution' ? [outputs, inputs, height, width] : shape };
  });
}

describe('the architecture of some tensors', () => {
  it.each([18, 34, 50, 101, 152] as const)('is found for depth %i', (depth) => {
    for (const variant of ['B', 'C', 'D'] as const) {
      const architecture: Architecture = {
        ...{ depth, variant, stem: 'imagenet', classes: 7, imageSize: 224, channels: 3 },
      };
      expect(inferArchitecture(torchShapes(architecture), 224)).toMatchObject(architecture);
    }
  });

  it.each([8, 14, 20, 32, 44, 56] as const)('is found for the small depth %i', (depth) => {
    for (const variant of ['A', 'D'] as const) {
      const architecture: Architecture = {
        ...{ depth, variant, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
      };
      expect(inferArchitecture(torchShapes(architecture), 28)).toMatchObject(architecture);
    }
  });

  it('is B for A, whose tensors are the same', () => {
    const shapes = torchShapes({
      ...{ depth: 50, variant: 'A', stem: 'imagenet', classes: 10, imageSize: 224, channels: 3 },
    });
    expect(inferArchitecture(shapes, 224)?.variant).toBe('B');
  });

  it('is none where a layer is missing or the names are of something else', () => {
    const shapes = torchShapes({
      ...{ depth: 50, variant: 'D', stem: 'imagenet', classes: 10, imageSize: 224, channels: 3 },
    });
    const without = (name: string) => shapes.filter((tensor) => !tensor.name.startsWith(name));
    expect(inferArchitecture(without('layer3.1.'), 224)).toBeUndefined();
    expect(inferArchitecture(without('fc'), 224)).toBeUndefined();
    expect(inferArchitecture([{ name: 'encoder.weight', shape: [3] }], 224)).toBeUndefined();
  });
});
