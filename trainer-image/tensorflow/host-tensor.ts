/** Element types a tensor can have outside TensorFlow, by their names in NumPy and PyTorch. */
export type HostDataType = 'float32' | 'float16' | 'bfloat16' | 'float64' | 'int32' | 'int64' | 'uint8';

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<HostDataType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
};

/**
 * A tensor in host memory: what snapshots, checkpoints and tests exchange.
 * `data` holds the elements in C order, little-endian; its length is the product of `shape` times the size of
 * one element.
 */
export interface HostTensor {
  readonly name: string;
  readonly dtype: HostDataType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Number of elements of a shape: 1 for a scalar, 0 if any dimension is 0. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** A float32 tensor of these values. Copies, so that later changes of `values` do not show. */
export function float32Tensor(name: string, shape: readonly number[], values: ArrayLike<number>): HostTensor {
  return { name, dtype: 'float32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A float32 tensor of zeros. */
export function zeroTensor(name: string, shape: readonly number[]): HostTensor {
  return { name, dtype: 'float32', shape, data: new Uint8Array(4 * elementCount(shape)) };
}

/** The same values as float32 or float64. @throws TypeError unless they are of either */
export function toFloat(tensor: HostTensor, dtype: 'float32' | 'float64'): HostTensor {
  if (tensor.dtype === dtype) return tensor;
  const values = floatValues(tensor);
  const array = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  return { ...tensor, dtype, data: new Uint8Array(array.buffer) };
}

/** The elements of a float32 or float64 tensor. Copies, because `data` need not be aligned to its elements. */
export function floatValues(tensor: HostTensor): Float32Array | Float64Array {
  if (tensor.dtype === 'float64') return new Float64Array(tensor.data.slice().buffer);
  return float32Values(tensor);
}

/** The elements of a float32 tensor. Copies, because `data` need not be aligned to four bytes. */
export function float32Values(tensor: HostTensor): Float32Array {
  if (tensor.dtype !== 'float32') {
    throw new TypeError(`${tensor.name} holds ${tensor.dtype}, not float32`);
  }
  return new Float32Array(tensor.data.slice().buffer);
}
