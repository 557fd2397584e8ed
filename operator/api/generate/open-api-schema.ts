import * as z from 'zod';
import { formatRule, type CelRule } from './format-rule.ts';

/** A node of a JSON schema. */
export type SchemaNode = Record<string, unknown>;

/**
 * The OpenAPI v3 schema of a zod schema, as a CRD may carry it (a "structural schema").
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function toOpenApiSchema(schema: z.ZodType): SchemaNode {
  const result: SchemaNode = {
    ...z.toJSONSchema(schema, {
      target: 'openapi-3.0',
      io: 'input',
      reused: 'inline',
      cycles: 'throw',
      unrepresentable: 'throw',
      override: ({ zodSchema, jsonSchema }) => makeStructural(jsonSchema, formatRule(zodSchema)),
    }),
  };
  delete result.$schema;
  return result;
}

/** What zod writes and the API server refuses, put right in place. */
function makeStructural(node: SchemaNode, format: CelRule | undefined): void {
  if (node['x-kubernetes-int-or-string'] === true) {
    // The server estimates what a rule may cost by the longest text.
    const branches = Array.isArray(node.anyOf) ? node.anyOf : [];
    const text: unknown = branches.find((branch: SchemaNode) => branch.type === 'string');
    if (typeof text === 'object' && text !== null && 'maxLength' in text) node.maxLength = text.maxLength;
    // The only `anyOf` with types that the server allows.
    node.anyOf = [{ type: 'integer' }, { type: 'string' }];
    delete node.type;
  }
  if (format !== undefined) {
    node['x-kubernetes-validations'] = [format];
    delete node.pattern;
  }
  // The server prunes unknown fields by itself and forbids this keyword beside `properties`.
  if (node.properties !== undefined || node['x-kubernetes-preserve-unknown-fields'] === true) {
    delete node.additionalProperties;
  }
  if (node['x-kubernetes-preserve-unknown-fields'] === true) {
    delete node.properties;
    // A value of several types; a structural schema has no name for it.
    delete node.anyOf;
  }
  // zod bounds every integer by what a double can hold.
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
  if (node.format === 'date-time') delete node.pattern;
  // Literal whole numbers; as `number` they would be doubles to CEL, which compares no double with a list of integers.
  if (node.type === 'number' && Array.isArray(node.enum) && node.enum.every(Number.isInteger))
    node.type = 'integer';
  delete node.propertyNames;
}
