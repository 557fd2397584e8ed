import { isObject } from '../../api/v1alpha1/wire-guards.ts';

/**
 * Applies a JSON merge patch: objects are merged, `null` removes a field, anything else replaces.
 * Neither argument is changed. Source: RFC 7386, section 2.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
