import type { ParameterValue } from './training-sweep-spec.ts';
import { isObject } from './wire-guards.ts';

/** One field of a run and the value that a trial gives it. */
export interface Setting {
  /** Path below the spec, such as `recipe.learningRate.base`. */
  readonly path: string;
  readonly value: ParameterValue;
}

/** A part of a spec that holds nothing but the setting. */
export function overlayOf({ path, value }: Setting): Record<string, unknown> {
  return path
    .split('.')
    .reduceRight<Record<string, unknown>>(
      (inner, name, index, names) => ({ [name]: index === names.length - 1 ? value : inner }),
      {},
    );
}

/** A spec with a part of one laid over it. Lists are replaced, as in a JSON merge patch. */
export function withOverlay(
  spec: Readonly<Record<string, unknown>>,
  overlay: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...spec };
  for (const [name, value] of Object.entries(overlay)) {
    if (value === undefined) continue;
    const old = result[name];
    result[name] = isObject(value) ? withOverlay(isObject(old) ? old : {}, value) : value;
  }
  return result;
}
