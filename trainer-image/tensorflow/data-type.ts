import type { HostDataType } from './host-tensor.ts';

/** TensorFlow's element types by their numbers in `DataType` (types.proto). */
export const dataTypes = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
} as const;

export type DataTypeName = keyof typeof dataTypes;

/** One of the numbers of `dataTypes`, or another that TensorFlow knows. */
export type DataType = number;

/** @throws TypeError for a type that has no form in host memory. */
export function hostDataType(dataType: DataType): HostDataType {
  switch (dataType) {
    case dataTypes.float32:
      return 'float32';
    case dataTypes.float64:
      return 'float64';
    case dataTypes.float16:
      return 'float16';
    case dataTypes.int32:
      return 'int32';
    case dataTypes.int64:
      return 'int64';
    case dataTypes.uint8:
      return 'uint8';
    default:
      throw new TypeError(`tensors of TensorFlow data type ${dataType} cannot be read into host memory`);
  }
}
