import { describe, expect, it } from 'vitest';

import { dataTypes } from './data-type.ts';
import { estimateMemory } from './estimate-memory.ts';
import { buildRecording, type NodeOutput } from './recording.ts';

const float = dataTypes.float32;

function recorder() {
  const builder = buildRecording();
  const node = (op: string, inputs: NodeOutput[], size: number): NodeOutput => ({
    node: builder.node(op, { inputs, outputs: [{ dataType: float, shape: [size] }] }),
    index: 0,
  });
  return { builder, node };
}

describe('the estimate of memory', () => {
  it('frees a value after its last use, and keeps what is needed later', () => {
    const { builder, node } = recorder();
    const a = node('Conv2D', [builder.input({ dataType: float, shape: [100] })], 1000);
    const b = node('Conv2D', [a], 2000);
    const c = node('Conv2D', [b], 4000);
    // a is held until here: 1000 + 4000 + 8000 elements.
    const d = node('Concat', [a, c], 8000);
    expect(estimateMemory(builder.finish([d])).intermediateBytes).toBe(4 * 13_000);
  });

  it('lets operations by element write in place, and views take nothing', () => {
    const { builder, node } = recorder();
    const a = node('Conv2D', [builder.input({ dataType: float, shape: [1] })], 1000);
    const end = node('Reshape', [node('Relu', [a], 1000)], 1000);
    expect(estimateMemory(builder.finish([end])).intermediateBytes).toBe(4 * 1001);
  });

  it('counts the values of variables apart', () => {
    const { builder, node } = recorder();
    const handle = builder.input({ dataType: dataTypes.resource, shape: [] });
    const value = node('EnsureShape', [node('ReadVariableOp', [handle], 1)], 500);
    const end = node('Mul', [value, value], 500);
    expect(estimateMemory(builder.finish([end]))).toEqual({ variableBytes: 2000, intermediateBytes: 2000 });
  });
});
