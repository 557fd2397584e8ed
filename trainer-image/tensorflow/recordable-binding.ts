import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

import { CaptureError } from './errors.ts';

/** An attribute of an operation as the binding takes it; `type` is one of its constants `TF_ATTR_...`. */
export interface BindingAttribute {
  name: string;
  type: number;
  value: string | number | boolean | number[] | boolean[] | object;
}

/** What the binding says of a tensor; `dtype` is TensorFlow's number. */
export interface BindingTensor {
  id: number;
  shape: number[];
  dtype: number;
}

/** The calls of the binding through which every tensor of TensorFlow.js comes, goes and is read. */
export interface BindingCalls extends Pick<TFJSBinding, 'createTensor' | 'deleteTensor' | 'tensorDataSync'> {
  executeOp(
    name: string,
    attributes: BindingAttribute[],
    inputs: number[],
    outputCount: number,
  ): BindingTensor[];
}

/** A binding whose calls can be taken over for a while. */
export interface RecordableBinding {
  /** What TensorFlow.js is given. */
  readonly binding: TFJSBinding;
  /** The calls as they are without an observer. */
  readonly eager: BindingCalls;
  /** Routes all calls to `observer` while `body` runs. */
  observe<Result>(observer: BindingCalls, body: () => Result): Result;
}

export function recordableBinding(original: TFJSBinding): RecordableBinding {
  const eager: BindingCalls = {
    executeOp: original.executeOp.bind(original),
    createTensor: original.createTensor.bind(original),
    deleteTensor: original.deleteTensor.bind(original),
    tensorDataSync: original.tensorDataSync.bind(original),
  };
  let current = eager;
  const routed: BindingCalls = {
    executeOp: (name, attributes, inputs, outputCount) =>
      current.executeOp(name, attributes, inputs, outputCount),
    createTensor: (shape, dataType, values) => current.createTensor(shape, dataType, values),
    deleteTensor: (tensor) => {
      current.deleteTensor(tensor);
    },
    tensorDataSync: (tensor) => current.tensorDataSync(tensor),
  };
  return {
    // Inherits the constants; the calls cannot be assigned, as the native module made them read-only.
    binding: Object.create(original, Object.getOwnPropertyDescriptors(routed)) as TFJSBinding,
    eager,
    observe(observer, body) {
      if (current !== eager) throw new CaptureError('a function is being captured already');
      current = observer;
      try {
        return body();
      } finally {
        current = eager;
      }
    },
  };
}
