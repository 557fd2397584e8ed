import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';

/** One field that differs between two specs; an absent field is `undefined`. */
export interface SpecChange {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The fields in which two specs differ, the deepest ones that do. Lists are compared as a whole. */
export function specChanges(from: unknown, to: unknown, path = 'spec'): SpecChange[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (!isObject(from) || !isObject(to)) return [{ path, from, to }];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    specChanges(from[key], to[key], `${path}.${key}`),
  );
}

/** `spec.recipe.epochs: 6 -> 7` */
export function formatChange({ path, from, to }: SpecChange): string {
  const show = (value: unknown) => (value === undefined ? 'not set' : JSON.stringify(value));
  return `${path}: ${show(from)} -> ${show(to)}`;
}
