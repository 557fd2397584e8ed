import type { MergePatch } from '../cluster.ts';
import { applyMergePatch } from './merge-patch.ts';
import { refusals } from './refusals.ts';
import {
  isWireObject,
  overTheWire,
  typed,
  type AnyType,
  type StoredObject,
  type WireObject,
} from './wire-object.ts';

/** What a patch makes of an object. Its identity cannot be patched. */
export function patchedObject(type: AnyType, current: StoredObject, patch: MergePatch): WireObject {
  const patched = applyMergePatch(current, overTheWire(patch));
  if (!isWireObject(patched))
    throw refusals.badRequest('a patch must leave apiVersion, kind and metadata.name');
  for (const field of ['name', 'namespace'] as const) {
    if (patched.metadata[field] !== current.metadata[field]) {
      throw refusals.badRequest(
        `the ${field} of the object (${patched.metadata[field] ?? ''}) does not match the one on the request (${current.metadata[field]})`,
      );
    }
  }
  return { ...typed(type, patched) };
}
