import { isDeepStrictEqual } from 'node:util';
import type { MergePatch } from '../cluster/cluster.ts';

/** The JSON merge patch (RFC 7386) that makes `after` of `before`; `undefined` when they are equal on the wire. */
export function mergePatchOf(before: object, after: object): MergePatch | undefined {
  const old = new Map<string, unknown>(Object.entries(before));
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(after) as Iterable<[string, unknown]>) {
    const previous = old.get(field);
    old.delete(field);
    if (value === undefined) {
      if (previous !== undefined) patch[field] = null;
    } else if (isPlainObject(previous) && isPlainObject(value)) {
      const inner = mergePatchOf(previous, value);
      if (inner !== undefined) patch[field] = inner;
    } else if (!isDeepStrictEqual(previous, value)) {
      patch[field] = value;
    }
  }
  for (const [field, value] of old) if (value !== undefined) patch[field] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
