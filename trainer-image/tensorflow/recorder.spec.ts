import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { beforeEach, describe, expect, it } from 'vitest';

import { CaptureError } from './errors.ts';
import { recordableBinding, type RecordableBinding } from './recordable-binding.ts';
import { createRecorder, type Recorder } from './recorder.ts';

const float = 1;
const resource = 20;

/** A binding that counts tensors and computes nothing: every operation returns as many tensors of one shape as were asked for. */
function fakeBinding() {
  let next = 0;
  const live = new Set<number>();
  const create = () => {
    live.add(next);
    return next++;
  };
  const calls = {
    executed: [] as string[],
    shape: [] as number[],
    live,
    createTensor: create,
    deleteTensor: (tensor: number) => void live.delete(tensor),
    tensorDataSync: () => new Float32Array(1),
    executeOp(name: string, _attributes: unknown, _inputs: unknown, outputCount: number) {
      this.executed.push(name);
      return Array.from({ length: outputCount }, () => ({ id: create(), shape: this.shape, dtype: float }));
    },
    ...{
      TF_ATTR_STRING: 0,
      TF_ATTR_INT: 1,
      TF_ATTR_FLOAT: 2,
      TF_ATTR_BOOL: 3,
      TF_ATTR_TYPE: 4,
      TF_ATTR_SHAPE: 5,
    },
  };
  // The recorder uses no other part of the binding.
  return calls as typeof calls & TFJSBinding;
}

const typeAttribute = (name: string, value: number) => ({ name, type: 4, value });
const shapeAttribute = { name: 'shape', type: 5, value: [] };

describe('recording', () => {
  let fake: ReturnType<typeof fakeBinding>;
  let recordable: RecordableBinding;
  let recorder: Recorder;

  beforeEach(() => {
    fake = fakeBinding();
    recordable = recordableBinding(fake);
    recorder = createRecorder(recordable);
  });

  const placeholder = (dataType: number) =>
    recorder.executeOp('Placeholder', [typeAttribute('dtype', dataType), shapeAttribute], [], 1)[0]?.id ?? -1;
  const execute = (op: string, inputs: number[], outputs = 1) =>
    recorder
      .executeOp(op, [typeAttribute('dtype', float), typeAttribute('T', float)], inputs, outputs)
      .map(({ id }) => id);
  const after = (op: string) =>
    recorder
      .finish([])
      .nodes.filter((node) => node.op === op)
      .map((node) => node.after);

  it('names every input by the node and output that made it', () => {
    const x = placeholder(float);
    const [, second = -1] = execute('Two', [x], 2);
    execute('Use', [second, x]);
    expect(recorder.finish([]).nodes.at(-1)).toMatchObject({
      op: 'Use',
      inputs: [
        { node: 'Two_1', index: 1 },
        { node: 'Placeholder_0', index: 0 },
      ],
    });
  });

  it('makes tensors of JavaScript constants of the recording', () => {
    recorder.createTensor([2], float, Float32Array.of(1, 2));
    const [constant] = recorder.finish([]).nodes;
    expect(constant?.attributes.value).toEqual({
      kind: 'tensor',
      value: { dataType: float, shape: [2], data: new Uint8Array(Float32Array.of(1, 2).buffer) },
    });
  });

  it('copies a constant, as JavaScript may write to its array later', () => {
    const values = Float32Array.of(1);
    recorder.createTensor([1], float, values);
    values[0] = 2;
    expect(JSON.stringify(recorder.finish([]).nodes)).toContain('"2":128,"3":63');
  });

  it('refuses a tensor that was made elsewhere, naming operation and position', () => {
    const elsewhere = fake.createTensor();
    const x = placeholder(float);
    expect(() => execute('MatMul', [x, elsewhere])).toThrow(/input 1 of MatMul was made outside/);
  });

  it('refuses to read a value', () => {
    expect(() => recorder.tensorDataSync(placeholder(float))).toThrow(CaptureError);
  });

  it('refuses a constant so large that it must be data', () => {
    expect(() => recorder.createTensor([1 << 19], float, new Float32Array(1 << 19))).toThrow(
      /make it an input/,
    );
  });

  it('holds the shape of large results only', () => {
    fake.shape = [1000, 1000];
    const [large = -1] = execute('Large', [placeholder(float)]);
    expect(fake.live.size).toBe(0);
    const [next] = recorder.executeOp('Next', [], [large], 1);
    expect(next).toMatchObject({ shape: [1000, 1000], dtype: float });
    expect(fake.live.size).toBe(0);
    expect(recorder.finish([]).nodes.at(-1)).toMatchObject({ inputs: [{ node: 'Large_1', index: 0 }] });
  });

  it('executes an operation on inputs of the same shapes once, unless integers decide over shapes', () => {
    const x = placeholder(float);
    const axes = recorder.createTensor([1], 3, Int32Array.of(0));
    for (let time = 0; time < 2; time += 1) execute('Relu', [x]);
    for (let time = 0; time < 2; time += 1) execute('Sum', [x, axes]);
    expect(fake.executed).toEqual(['Relu', 'Sum', 'Sum']);
    expect(recorder.finish([]).nodes.filter(({ op }) => op === 'Relu')).toHaveLength(2);
  });

  it('neither touches variables nor talks to other ranks', () => {
    const handle = placeholder(resource);
    const [value = -1] = execute('ReadVariableOp', [handle]);
    execute('AssignVariableOp', [handle, value], 0);
    execute('CollectiveReduceV2', [value, value, value, value]);
    expect(fake.executed).toEqual([]);
    expect(recorder.finish([]).effects).toEqual(['AssignVariableOp_2', 'CollectiveReduceV2_3']);
  });

  it('writes a variable after it was read, and reads it after it was written', () => {
    const handle = placeholder(resource);
    const [value = -1] = execute('ReadVariableOp', [handle]);
    execute('AssignVariableOp', [handle, value], 0);
    execute('ReadVariableOp', [handle]);
    expect(after('AssignVariableOp')).toEqual([['ReadVariableOp_1']]);
    expect(after('ReadVariableOp')).toEqual([[], ['AssignVariableOp_2']]);
  });

  it('starts all-reduces one after the other', () => {
    const x = placeholder(float);
    execute('CollectiveReduceV2', [x]);
    execute('CollectiveReduceV2', [x]);
    expect(after('CollectiveReduceV2')).toEqual([[], ['CollectiveReduceV2_1']]);
  });

  it('frees what the recorded code left behind, and nothing twice', () => {
    const x = placeholder(float);
    const [y = -1] = execute('Relu', [x]);
    recorder.deleteTensor(y);
    recorder.freeAll();
    expect(fake.live.size).toBe(0);
  });

  it('gives the calls back to the binding when the code throws', () => {
    expect(() =>
      recordable.observe(recorder, () => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    recordable.binding.executeOp('Eager', [], [], 0);
    expect(fake.executed).toEqual(['Eager']);
  });

  it('refuses to capture a function inside another', () => {
    expect(() => recordable.observe(recorder, () => recordable.observe(recorder, () => 0))).toThrow(
      CaptureError,
    );
  });
});
