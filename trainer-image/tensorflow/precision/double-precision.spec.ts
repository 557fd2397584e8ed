import { describe, expect, it } from 'vitest';

import { dataTypes } from '../data-type.ts';
import { attribute, buildRecording } from '../recording.ts';
import { shortestDecimal } from './decimal-constant.ts';
import { toDoublePrecision } from './double-precision.ts';

const { float32, float64, int32 } = dataTypes;

describe('the rewrite to float64', () => {
  it('makes every float32 a float64 and leaves the rest', () => {
    const builder = buildRecording();
    const x = builder.input({ dataType: float32, shape: [2] });
    const axis = builder.constant({ dataType: int32, shape: [], data: new Uint8Array(4) });
    const attributes = { T: attribute.type(float32), Tidx: attribute.type(int32) };
    const sum = builder.node('Sum', { inputs: [x, axis], attributes });
    const { nodes } = toDoublePrecision(builder.finish([{ node: sum, index: 0 }]));
    expect(nodes[0]?.attributes.dtype).toEqual(attribute.type(float64));
    expect(nodes[1]?.attributes.dtype).toEqual(attribute.type(int32));
    expect(nodes[2]?.attributes).toEqual({ T: attribute.type(float64), Tidx: attribute.type(int32) });
  });

  it('takes a constant for the decimal that was written, not for its 24 bits', () => {
    const builder = buildRecording();
    const data = new Uint8Array(Float32Array.of(0.9, 1 / 3, 49).buffer);
    builder.constant({ dataType: float32, shape: [3], data });
    const value = toDoublePrecision(builder.finish([])).nodes[0]?.attributes.value;
    if (value?.kind !== 'tensor') throw new Error('the constant is gone');
    expect(value.value.dataType).toBe(float64);
    expect([...new Float64Array(value.value.data.slice().buffer)]).toEqual([0.9, 0.33333334, 49]);
  });

  it('composes batch normalisations and gives their outputs to those who took them', () => {
    const builder = buildRecording();
    const inputs = [[4, 2, 2, 3], [3], [3], [0], [0]].map((shape) =>
      builder.input({ dataType: float32, shape }),
    );
    const norm = builder.node('FusedBatchNormV3', {
      inputs,
      attributes: {
        T: attribute.type(float32),
        epsilon: attribute.float(1e-5),
        is_training: attribute.bool(true),
      },
      outputs: [{ dataType: float32, shape: [4, 2, 2, 3] }],
    });
    const variance = { node: norm, index: 2 };
    const { nodes, outputs } = toDoublePrecision(builder.finish([{ node: norm, index: 0 }, variance]));
    const names = new Set(nodes.map(({ name }) => name));
    expect(nodes.some(({ op }) => op.startsWith('FusedBatchNorm'))).toBe(false);
    for (const { node } of outputs) expect(names).toContain(node);
  });
});

describe('the shortest decimal', () => {
  it.each([0.9, 0.1, 1e-4, 1e-5, 0.01, 2, 49, 16_777_216, 0, -0.3])(
    'of the float32 of %f is itself',
    (value) => {
      expect(shortestDecimal(Math.fround(value))).toBe(value);
    },
  );

  it('always rounds to the float32 again', () => {
    for (let k = 1; k < 1000; k++) {
      const single = Math.fround(Math.sin(k) * 10 ** (k % 30));
      expect(Math.fround(shortestDecimal(single))).toBe(single);
    }
  });
});
