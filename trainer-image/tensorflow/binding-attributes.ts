import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

import { CaptureError } from './errors.ts';
import type { BindingAttribute } from './recordable-binding.ts';
import type { AttributeValue } from './recording.ts';

/** Kinds of attributes by the binding's numbers. */
type AttributeKinds = Pick<
  TFJSBinding,
  'TF_ATTR_STRING' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE' | 'TF_ATTR_SHAPE'
>;

/** Our form of an attribute as TensorFlow.js passes it to its binding. */
export function fromBindingAttribute(
  kinds: AttributeKinds,
  { name, type, value }: BindingAttribute,
): AttributeValue {
  if (type === kinds.TF_ATTR_STRING && typeof value === 'string') return { kind: 'string', value };
  if (type === kinds.TF_ATTR_TYPE && typeof value === 'number') return { kind: 'type', value };
  if (type === kinds.TF_ATTR_SHAPE && isNumbers(value)) return { kind: 'shape', value };
  if (type === kinds.TF_ATTR_INT && typeof value === 'number') return { kind: 'int', value };
  if (type === kinds.TF_ATTR_INT && isNumbers(value)) return { kind: 'ints', value };
  if (type === kinds.TF_ATTR_FLOAT && typeof value === 'number') return { kind: 'float', value };
  if (type === kinds.TF_ATTR_FLOAT && isNumbers(value)) return { kind: 'floats', value };
  if (type === kinds.TF_ATTR_BOOL && typeof value === 'boolean') return { kind: 'bool', value };
  if (type === kinds.TF_ATTR_BOOL && isBooleans(value)) return { kind: 'bools', value };
  throw new CaptureError(`attribute ${name} of kind ${type} cannot be recorded: ${JSON.stringify(value)}`);
}

/**
 * An attribute of ours as the binding takes it.
 * @throws CaptureError for a tensor: the binding has no such attributes.
 */
export function toBindingAttribute(
  kinds: AttributeKinds,
  name: string,
  attribute: AttributeValue,
): BindingAttribute {
  switch (attribute.kind) {
    case 'string':
      return { name, type: kinds.TF_ATTR_STRING, value: attribute.value };
    case 'int':
      return { name, type: kinds.TF_ATTR_INT, value: attribute.value };
    case 'ints':
      return { name, type: kinds.TF_ATTR_INT, value: [...attribute.value] };
    case 'float':
      return { name, type: kinds.TF_ATTR_FLOAT, value: attribute.value };
    case 'floats':
      return { name, type: kinds.TF_ATTR_FLOAT, value: [...attribute.value] };
    case 'bool':
      return { name, type: kinds.TF_ATTR_BOOL, value: attribute.value };
    case 'bools':
      return { name, type: kinds.TF_ATTR_BOOL, value: [...attribute.value] };
    case 'type':
      return { name, type: kinds.TF_ATTR_TYPE, value: attribute.value };
    case 'shape':
      return { name, type: kinds.TF_ATTR_SHAPE, value: [...attribute.value] };
    case 'tensor':
      throw new CaptureError(`attribute ${name} is a tensor; make it an input`);
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

function isBooleans(value: unknown): value is boolean[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'boolean');
}
