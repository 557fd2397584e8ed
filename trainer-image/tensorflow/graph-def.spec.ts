import { describe, expect, it } from 'vitest';

import { dataTypes } from './data-type.ts';
import { graphDef } from './graph-def.ts';
import { attribute, buildRecording } from './recording.ts';

describe('GraphDef', () => {
  it('writes nodes with inputs, then control inputs, then attributes', () => {
    const builder = buildRecording();
    const x = builder.input({ dataType: dataTypes.float32, shape: [2] });
    const effect = builder.node('NoOp', { effect: true });
    const y = builder.node('Relu', {
      inputs: [x],
      after: [effect],
      attributes: { T: attribute.type(dataTypes.float32) },
    });
    const recording = builder.finish([{ node: y, index: 0 }]);
    const bytes = Buffer.from(graphDef(recording)).toString('latin1');

    expect(recording).toMatchObject({ inputs: ['Placeholder_0'], effects: ['NoOp_1'] });
    const order = ['Relu_2', 'Placeholder_0:0', '^NoOp_1', 'T'].map((part) =>
      bytes.indexOf(part, bytes.indexOf('Relu_2')),
    );
    expect(order).not.toContain(-1);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
  });

  it('writes a constant as its bytes', () => {
    const builder = buildRecording();
    builder.constant({ dataType: dataTypes.int32, shape: [1], data: Uint8Array.of(7, 8, 9, 10) });
    const bytes = Buffer.from(graphDef(builder.finish([]))).toString('hex');
    // TensorProto: dtype 1, tensor_shape 2 with one dim of size 1, tensor_content 4.
    expect(bytes).toContain('0803' + '120412020801' + '22040708090a');
  });
});
