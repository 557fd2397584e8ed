import { dataTypes, hostDataType, type DataTypeName } from './data-type.ts';
import { toTensorFlowError } from './errors.ts';
import type { HostTensor } from './host-tensor.ts';
import type { NativeModule, TensorId } from './native-module.ts';

/** A tensor that lives in TensorFlow until it is freed: the inputs and outputs of functions. */
export interface DeviceTensor {
  readonly id: TensorId;
}

/** Copies bytes into a tensor. The caller frees it. */
export function upload(
  native: NativeModule,
  dtype: DataTypeName,
  shape: readonly number[],
  data: ArrayBufferView,
): DeviceTensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  try {
    return { id: native.createTensor(dataTypes[dtype], shape, bytes) };
  } catch (error) {
    throw toTensorFlowError(error);
  }
}

/** Copies numbers into a tensor of this type. The caller frees it. */
export function uploadFloats(
  native: NativeModule,
  dtype: 'float32' | 'float64',
  shape: readonly number[],
  values: Float32Array | Float64Array | readonly number[],
): DeviceTensor {
  if (dtype === 'float32') {
    return upload(native, dtype, shape, values instanceof Float32Array ? values : Float32Array.from(values));
  }
  return upload(native, dtype, shape, values instanceof Float64Array ? values : Float64Array.from(values));
}

/** Copies a tensor into host memory. */
export function download(native: NativeModule, tensor: DeviceTensor, name: string): HostTensor {
  try {
    const { dataType, shape, data } = native.readTensor(tensor.id);
    return { name, dtype: hostDataType(dataType), shape, data };
  } catch (error) {
    throw toTensorFlowError(error);
  }
}

export function free(native: NativeModule, tensors: readonly DeviceTensor[]): void {
  for (const { id } of tensors) native.freeTensor(id);
}
