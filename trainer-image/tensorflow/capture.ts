import type { Tensor } from '@tensorflow/tfjs';

import { dataTypes } from './data-type.ts';
import { CaptureError } from './errors.ts';
import { operation, operations } from './operation.ts';
import { createRecorder } from './recorder.ts';
import { attribute, type Recording } from './recording.ts';
import { tf, type TensorFlow } from './tensorflow.ts';

/** What a captured function takes: first the handles of the variables, then the inputs, both in this order. */
export interface CaptureSignature {
  readonly variables: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype?: 'float32' | 'int32';
  }[];
}

export interface CaptureResult {
  /** The function's outputs, in order. */
  readonly outputs: readonly Tensor[];
  /** New values of variables, by name. Those not named keep theirs. */
  readonly assignments?: ReadonlyMap<string, Tensor>;
}

/** Values by name. Asking for a name that is not there is an error. */
export type NamedTensors = ReadonlyMap<string, Tensor>;

/**
 * Records a computation written in TensorFlow.js operations.
 *
 * `body` runs once, with zeros for values and inputs; what it returns is recorded, not computed. It must be a pure
 * function of its arguments: anything else (random numbers, the time, a learning rate in a variable of JavaScript)
 * would be frozen into the recording. Shapes are fixed: record again for other shapes. Everything that `body` makes
 * is freed.
 * @throws CaptureError if `body` reads a value, or uses a tensor that was made elsewhere.
 */
export function capture(
  tensorflow: TensorFlow,
  signature: CaptureSignature,
  body: (values: NamedTensors, inputs: NamedTensors) => CaptureResult,
): Recording {
  const recorder = createRecorder(tensorflow.recordable);
  return tensorflow.recordable.observe(recorder, () => {
    try {
      let recording: Recording | undefined;
      tf.tidy(() => {
        const handles = new Map(
          signature.variables.map(({ name }) => [
            name,
            operation(tensorflow, 'Placeholder', [], {
              dtype: attribute.type(dataTypes.resource),
              shape: attribute.shape([]),
            }),
          ]),
        );
        const inputs = new Map(
          signature.inputs.map(({ name, shape, dtype = 'float32' }) => [
            name,
            operation(tensorflow, 'Placeholder', [], {
              dtype: attribute.type(dataTypes[dtype]),
              shape: attribute.shape(shape),
            }),
          ]),
        );
        const values = new Map(
          signature.variables.map(({ name, shape }) => [
            name,
            readVariable(tensorflow, named(handles, name), shape),
          ]),
        );
        const { outputs, assignments = new Map<string, Tensor>() } = body(values, inputs);
        for (const [name, value] of assignments) assignVariable(tensorflow, named(handles, name), value);
        recording = recorder.finish(
          outputs.map((output) => {
            operation(tensorflow, 'Identity', [output], {
              T: attribute.type(tensorflow.backend.getDTypeInteger(output.dtype)),
            });
            return recorder.lastOutput();
          }),
        );
      });
      if (recording === undefined) throw new CaptureError('nothing was recorded');
      return recording;
    } finally {
      recorder.freeAll();
    }
  });
}

/** @throws RangeError naming what is missing. */
export function named(tensors: NamedTensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`there is no tensor named ${name}`);
  return tensor;
}

function readVariable(tensorflow: TensorFlow, handle: Tensor, shape: readonly number[]): Tensor {
  const type = attribute.type(dataTypes.float32);
  const value = operation(tensorflow, 'ReadVariableOp', [handle], { dtype: type });
  // The handle says nothing about the shape, and kernels are chosen by shapes known in advance.
  return operation(tensorflow, 'EnsureShape', [value], { T: type, shape: attribute.shape(shape) });
}

function assignVariable(tensorflow: TensorFlow, handle: Tensor, value: Tensor): void {
  operations(
    tensorflow,
    'AssignVariableOp',
    [handle, value],
    { dtype: attribute.type(dataTypes.float32), validate_shape: attribute.bool(false) },
    0,
  );
}
