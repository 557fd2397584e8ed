import { dataTypes, type DataType } from './data-type.ts';
import { CaptureError } from './errors.ts';
import { elementCount } from './host-tensor.ts';
import type { BindingTensor, RecordableBinding } from './recordable-binding.ts';
import type { AttributeValue } from './recording.ts';

/**
 * Recording executes every operation once, because TensorFlow.js wants to know the shapes of the results. The
 * operations here must not be executed then: they touch variables or other ranks, or have no meaning outside a
 * function. In their place something harmless with outputs of the same shape is.
 */
export type StandIn = (
  recordable: RecordableBinding,
  attributes: Readonly<Record<string, AttributeValue>>,
  inputs: readonly number[],
) => BindingTensor[];

export const standIns: ReadonlyMap<string, StandIn> = new Map<string, StandIn>([
  ['Placeholder', (recordable, attributes) => [zeros(recordable, typeOf(attributes), shapeOf(attributes))]],
  // The shape of a variable's value is what the EnsureShape after it says.
  ['ReadVariableOp', (recordable, attributes) => [zeros(recordable, typeOf(attributes), [])]],
  [
    'EnsureShape',
    (recordable, attributes) => [zeros(recordable, typeOf(attributes, 'T'), shapeOf(attributes))],
  ],
  ['AssignVariableOp', () => []],
  [
    'CollectiveReduceV2',
    ({ eager, binding }, attributes, inputs) =>
      eager.executeOp(
        'Identity',
        [{ name: 'T', type: binding.TF_ATTR_TYPE, value: typeOf(attributes, 'T') }],
        inputs.slice(0, 1),
        1,
      ),
  ],
]);

/** The operations among them that have effects: they run although no output needs them. */
export const effectOperations: ReadonlySet<string> = new Set(['AssignVariableOp', 'CollectiveReduceV2']);

/** Zeros, because what is computed from them while recording is thrown away. */
function zeros({ eager }: RecordableBinding, dataType: DataType, shape: readonly number[]): BindingTensor {
  const stored = { shape: [...shape], dtype: dataType };
  switch (dataType) {
    case dataTypes.float32:
      return {
        ...stored,
        id: eager.createTensor([...shape], dataType, new Float32Array(elementCount(shape))),
      };
    case dataTypes.int32:
      return { ...stored, id: eager.createTensor([...shape], dataType, new Int32Array(elementCount(shape))) };
    case dataTypes.resource:
      // Only its number is used.
      return { ...stored, id: eager.createTensor([], dataTypes.int32, new Int32Array(1)) };
    default:
      throw new CaptureError(`inputs of data type ${dataType} cannot be captured: use float32 or int32`);
  }
}

function typeOf(attributes: Readonly<Record<string, AttributeValue>>, name = 'dtype'): DataType {
  const attribute = attributes[name];
  if (attribute?.kind !== 'type') throw new CaptureError(`an operation lacks its attribute ${name}`);
  return attribute.value;
}

function shapeOf(attributes: Readonly<Record<string, AttributeValue>>): readonly number[] {
  const attribute = attributes.shape;
  if (attribute?.kind !== 'shape') throw new CaptureError('an operation lacks its attribute shape');
  return attribute.value;
}
