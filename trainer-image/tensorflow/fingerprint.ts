import { dataTypes, type DataType } from './data-type.ts';
import { attribute, buildRecording, type NodeOutput, type Recording } from './recording.ts';

/**
 * A function from variables of these types to one uint8[1, 8] that follows from all their bits, computed where they are, off the
 * JavaScript thread and several variables at once. It tells ranks that differ from ranks that agree; being 64 bits of
 * FarmHash, it is no defence against somebody who makes two values collide on purpose.
 * https://www.tensorflow.org/api_docs/python/tf/fingerprint
 */
export function fingerprintRecording(types: readonly DataType[]): Recording {
  const builder = buildRecording();
  const ints = (values: readonly number[]) =>
    builder.constant({
      dataType: dataTypes.int32,
      shape: [values.length],
      data: new Uint8Array(Int32Array.from(values).buffer),
    });
  const scalar = (dataType: DataType, data: Uint8Array) => builder.constant({ dataType, shape: [], data });
  const oneRow = ints([1, -1]);
  const algorithm = new TextEncoder().encode('farmhash64');
  // A string in `tensor_content` comes after its length as a varint (port::EncodeStringList).
  const method = scalar(dataTypes.string, Uint8Array.of(algorithm.length, ...algorithm));
  const fingerprint = (value: NodeOutput, dataType: DataType): NodeOutput => {
    const row = builder.node('Reshape', {
      inputs: [value, oneRow],
      attributes: { T: attribute.type(dataType), Tshape: attribute.type(dataTypes.int32) },
    });
    const bytes = builder.node('Fingerprint', {
      inputs: [{ node: row, index: 0 }, method],
      attributes: { T: attribute.type(dataType) },
    });
    return { node: bytes, index: 0 };
  };
  const each = types.map((dataType) => {
    const value = builder.node('ReadVariableOp', {
      inputs: [builder.input({ dataType: dataTypes.resource, shape: [] })],
      attributes: { dtype: attribute.type(dataType) },
    });
    return fingerprint({ node: value, index: 0 }, dataType);
  });
  const joined = builder.node('ConcatV2', {
    inputs: [...each, scalar(dataTypes.int32, new Uint8Array(4))],
    attributes: {
      T: attribute.type(dataTypes.uint8),
      N: attribute.int(each.length),
      Tidx: attribute.type(dataTypes.int32),
    },
  });
  return builder.finish([fingerprint({ node: joined, index: 0 }, dataTypes.uint8)]);
}
