import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bytesPerElement, elementCount, float32Tensor, float32Values } from '../tensorflow/host-tensor.ts';
import { fromTorchLayout, toTorchLayout } from './torch-layout.ts';

describe('PyTorch layouts', () => {
  it('have the output channel of a filter first', () => {
    // Element [h, w, i, o] is the number hwio.
    const shape = [2, 3, 2, 2];
    const values = [];
    for (let h = 0; h < 2; h++)
      for (let w = 0; w < 3; w++)
        for (let i = 0; i < 2; i++) for (let o = 0; o < 2; o++) values.push(h * 1000 + w * 100 + i * 10 + o);
    const torch = toTorchLayout(float32Tensor('w', shape, values), 'convolution');
    expect(torch.shape).toEqual([2, 2, 2, 3]);
    const elements = float32Values(torch);
    // [o, i, h, w] = [1, 0, 1, 2]
    expect(elements[1 * 12 + 0 * 6 + 1 * 3 + 2]).toBe(1201);
    expect(elements[0 * 12 + 1 * 6 + 0 * 3 + 1]).toBe(110);
  });

  it('have the output of a matrix first', () => {
    const torch = toTorchLayout(float32Tensor('w', [2, 3], [1, 2, 3, 4, 5, 6]), 'weight');
    expect(torch.shape).toEqual([3, 2]);
    expect([...float32Values(torch)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it.each([
    { kind: 'convolution', shape: [3, 5, 2, 4] },
    { kind: 'weight', shape: [7, 3] },
    { kind: 'gamma', shape: [6] },
  ] as const)('turn a $kind back into ours', ({ kind, shape }) => {
    const count = shape.reduce((product: number, size) => product * size, 1);
    const ours = float32Tensor(
      'w',
      shape,
      Array.from({ length: count }, (_, index) => index),
    );
    expect(fromTorchLayout(toTorchLayout(ours, kind), kind)).toEqual(ours);
  });

  it('move every element of every shape and type to its place', () => {
    const dimension = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(33, 64, 70));
    const shapes = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), dimension, dimension)
      .map((shape) => [...shape]);
    fc.assert(
      fc.property(shapes, fc.constantFrom('uint8', 'float16', 'float32', 'float64'), (shape, dtype) => {
        const size = bytesPerElement[dtype];
        // Not aligned to its elements, as in a file.
        const whole = new Uint8Array(elementCount(shape) * size + 1).map((_, index) => (index * 7919) % 251);
        const tensor = { name: 'w', dtype, shape, data: whole.subarray(1) };
        const torch = toTorchLayout(tensor, 'convolution');
        const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
        for (let o = 0; o < outputs; o++)
          for (let i = 0; i < inputs; i++)
            for (let h = 0; h < height; h++)
              for (let w = 0; w < width; w++) {
                const to = (((o * inputs + i) * height + h) * width + w) * size;
                const from = (((h * width + w) * inputs + i) * outputs + o) * size;
                if (
                  Buffer.compare(
                    torch.data.subarray(to, to + size),
                    tensor.data.subarray(from, from + size),
                  ) !== 0
                )
                  return false;
              }
        return true;
      }),
      { numRuns: 40 },
    );
  });

  it('refuse a tensor of another rank', () => {
    expect(() => toTorchLayout(float32Tensor('w', [4], [1, 2, 3, 4]), 'convolution')).toThrow(/w has shape/);
  });
});
