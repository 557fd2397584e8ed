import type { Tensor } from '@tensorflow/tfjs';

import { toBindingAttribute } from './binding-attributes.ts';
import { CaptureError } from './errors.ts';
import type { AttributeValue } from './recording.ts';
import type { TensorFlow } from './tensorflow.ts';

/**
 * Executes a TensorFlow operation that TensorFlow.js has no function for. No gradient is defined through it: wrap
 * it in `tf.customGrad` where one is needed.
 */
export function operations(
  { backend }: Pick<TensorFlow, 'backend'>,
  op: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>>,
  outputCount: number,
): Tensor[] {
  const bindingAttributes = Object.entries(attributes).map(([name, value]) =>
    toBindingAttribute(backend.binding, name, value),
  );
  return backend.executeMultipleOutputs(op, bindingAttributes, [...inputs], outputCount);
}

/** The same for an operation with one output. */
export function operation(
  tensorflow: Pick<TensorFlow, 'backend'>,
  op: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>>,
): Tensor {
  const [output] = operations(tensorflow, op, inputs, attributes, 1);
  if (output === undefined) throw new CaptureError(`${op} has no output`);
  return output;
}
