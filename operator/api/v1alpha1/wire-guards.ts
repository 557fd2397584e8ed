import type { ObjectMeta } from '../wire.ts';

/** Whether a value is a plain JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value can serve as an object's metadata: it has a name. */
export function isObjectMeta(value: unknown): value is ObjectMeta & Record<string, unknown> {
  return isObject(value) && typeof value.name === 'string' && value.name.length > 0;
}
