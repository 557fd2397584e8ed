import * as z from 'zod';

/** One key of the values: a leaf, or a map with keys of its own. */
export interface DocumentedValue {
  readonly key: string;
  readonly description: string;
  /** Absent for a map with keys of its own. */
  readonly byDefault?: unknown;
  readonly keys: readonly DocumentedValue[];
}

/** The keys of a strict object with what is said of each, in the order of the schema. Keys without a default are left out. */
export function documentedValues(schema: z.ZodObject, defaults: unknown): DocumentedValue[] {
  const present = new Map(Object.entries(defaults as Record<string, unknown>));
  return Object.entries<unknown>(schema.shape).flatMap(([key, field]) => {
    if (!present.has(key) || !(field instanceof z.ZodType)) return [];
    const byDefault = present.get(key);
    const description = field.description ?? '';
    const inner = field instanceof z.ZodPrefault ? field.unwrap() : field;
    if (inner instanceof z.ZodObject) return [{ key, description, keys: documentedValues(inner, byDefault) }];
    return [{ key, description, byDefault, keys: [] }];
  });
}
