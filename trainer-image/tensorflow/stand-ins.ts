import { dataTypes, type DataType } from './data-type.ts';
import { CaptureError } from './errors.ts';
import type { AttributeValue } from './recording.ts';
import type { TracedSpec } from './traced-tensors.ts';

/**
 * Recording executes operations, because TensorFlow.js wants to know the shapes of the results. The operations here must
 * not be executed then: they touch variables or other ranks, or have no meaning outside a function. What is known of
 * their results stands in for them.
 */
export type StandIn = (
  attributes: Readonly<Record<string, AttributeValue>>,
  inputs: readonly TracedSpec[],
) => TracedSpec[];

export const standIns: ReadonlyMap<string, StandIn> = new Map<string, StandIn>([
  ['Placeholder', (attributes) => [{ dtype: inputType(attributes), shape: shapeOf(attributes) }]],
  // The shape of a variable's value is what the EnsureShape after it says.
  ['ReadVariableOp', (attributes) => [{ dtype: typeOf(attributes, 'dtype'), shape: [] }]],
  ['EnsureShape', (attributes) => [{ dtype: typeOf(attributes, 'T'), shape: shapeOf(attributes) }]],
  ['AssignVariableOp', () => []],
  ['CollectiveReduceV2', (_, inputs) => inputs.slice(0, 1)],
]);

/** The operations among them that have effects: they run although no output needs them. */
export const effectOperations: ReadonlySet<string> = new Set(['AssignVariableOp', 'CollectiveReduceV2']);

function inputType(attributes: Readonly<Record<string, AttributeValue>>): DataType {
  const dataType = typeOf(attributes, 'dtype');
  const known: readonly DataType[] = [dataTypes.float32, dataTypes.int32, dataTypes.resource];
  if (known.includes(dataType)) return dataType;
  throw new CaptureError(`inputs of data type ${dataType} cannot be captured: use float32 or int32`);
}

function typeOf(attributes: Readonly<Record<string, AttributeValue>>, name: string): DataType {
  const attribute = attributes[name];
  if (attribute?.kind !== 'type') throw new CaptureError(`an operation lacks its attribute ${name}`);
  return attribute.value;
}

function shapeOf(attributes: Readonly<Record<string, AttributeValue>>): number[] {
  const attribute = attributes.shape;
  if (attribute?.kind !== 'shape') throw new CaptureError('an operation lacks its attribute shape');
  return [...attribute.value];
}
