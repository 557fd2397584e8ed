import {
  booleanField,
  bytesField,
  floatField,
  integerField,
  mapEntryField,
  message,
  messageField,
  stringField,
} from './protobuf.ts';
import type { AttributeValue, NodeOutput, RecordedNode, Recording } from './recording.ts';

/**
 * A recording as serialised `tensorflow.GraphDef`. Field numbers from tensorflow/core/framework: graph.proto,
 * node_def.proto, attr_value.proto, tensor.proto, tensor_shape.proto.
 */
export function graphDef(recording: Recording): Uint8Array {
  return message(...recording.nodes.map(nodeDef));
}

/** How GraphDef and the native calls write an output: `node:index`. */
export function outputReference({ node, index }: NodeOutput): string {
  return `${node}:${index}`;
}

function nodeDef(node: RecordedNode): Uint8Array {
  return messageField(
    1,
    stringField(1, node.name),
    stringField(2, node.op),
    ...node.inputs.map((input) => stringField(3, outputReference(input))),
    ...node.after.map((name) => stringField(3, `^${name}`)),
    ...Object.entries(node.attributes).map(([name, value]) => mapEntryField(5, name, attrValue(value))),
  );
}

function attrValue(attribute: AttributeValue): Uint8Array {
  switch (attribute.kind) {
    case 'string':
      return stringField(2, attribute.value);
    case 'int':
      return integerField(3, attribute.value);
    case 'ints':
      return messageField(1, ...attribute.value.map((value) => integerField(3, value)));
    case 'float':
      return floatField(4, attribute.value);
    case 'floats':
      return messageField(1, ...attribute.value.map((value) => floatField(4, value)));
    case 'bool':
      return booleanField(5, attribute.value);
    case 'bools':
      return messageField(1, ...attribute.value.map((value) => booleanField(5, value)));
    case 'type':
      return integerField(6, attribute.value);
    case 'shape':
      return messageField(7, shapeProto(attribute.value));
    case 'tensor':
      return messageField(
        8,
        integerField(1, attribute.value.dataType),
        messageField(2, shapeProto(attribute.value.shape)),
        bytesField(4, attribute.value.data),
      );
  }
}

function shapeProto(shape: readonly number[]): Uint8Array {
  return message(...shape.map((size) => messageField(2, integerField(1, size))));
}
