import * as z from 'zod';

/** Names of the fields that a schema knows at a path below it. */
export function knownFields(root: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const schema = schemaAt(root, path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The schema of the field at a path below another, through optional and default wrappers, arrays and maps. */
export function schemaAt(root: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const schema = unwrap(root);
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  if (schema instanceof z.ZodObject) {
    const field: unknown = schema.shape[String(head)];
    return field instanceof z.ZodType ? schemaAt(field, rest) : undefined;
  }
  if (schema instanceof z.ZodArray) return schemaAt(schema.element, rest);
  if (schema instanceof z.ZodRecord) return schemaAt(schema.valueType, rest);
  return undefined;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? unwrap(schema.def.innerType)
    : schema;
}
