import type { SchemaNode } from './open-api-schema.ts';

/**
 * What a real API server would refuse in a CRD's schema, one line a fault.
 * The rules are those of apiextensions-apiserver (pkg/apiserver/schema/validation.go), as far as a schema that is made
 * from zod can break them. Every string, list and map must be bounded too, so that CEL's cost can be estimated.
 */
export function structuralFaults(schema: SchemaNode, path = ''): string[] {
  const faults: string[] = [];
  const fault = (text: string) => faults.push(`${path === '' ? 'root' : path}: ${text}`);
  const type = schema.type;
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;

  if (typeof type !== 'string' && !isIntOrString && !isOpen) fault('has no type');
  for (const keyword of [
    '$ref',
    'oneOf',
    'allOf',
    'not',
    'patternProperties',
    'uniqueItems',
    'const',
    'definitions',
    'propertyNames',
  ]) {
    if (keyword in schema) fault(`has the forbidden keyword ${keyword}`);
  }
  if ('anyOf' in schema && !isIntOrString) fault('has anyOf');
  for (const keyword of ['exclusiveMinimum', 'exclusiveMaximum']) {
    if (keyword in schema && typeof schema[keyword] !== 'boolean') fault(`${keyword} must be a boolean`);
  }
  if (type === 'string' && !('maxLength' in schema) && !('enum' in schema))
    fault('is a string without maxLength');
  if (isIntOrString && typeof schema.maxLength !== 'number') fault('is a quantity without maxLength');
  if (type === 'array' && !('maxItems' in schema)) fault('is a list without maxItems');
  if ('properties' in schema && 'additionalProperties' in schema)
    fault('has properties and additionalProperties');
  if ('additionalProperties' in schema && !('maxProperties' in schema))
    fault('is a map without maxProperties');
  if (
    type === 'object' &&
    !('properties' in schema) &&
    !('additionalProperties' in schema) &&
    !isOpen &&
    path !== '.metadata'
  ) {
    fault('is an object without properties');
  }
  if (type === 'object' && 'x-kubernetes-validations' in schema && 'default' in schema)
    fault('has rules and a default, on which they would be evaluated');

  for (const [name, child] of children(schema)) faults.push(...structuralFaults(child, `${path}${name}`));
  return faults;
}

function children(schema: SchemaNode): [string, SchemaNode][] {
  const found: [string, SchemaNode][] = [];
  const { properties, items, additionalProperties } = schema;
  if (isNode(properties)) {
    for (const [name, child] of Object.entries(properties))
      if (isNode(child)) found.push([`.${name}`, child]);
  }
  if (isNode(items)) found.push(['[]', items]);
  if (isNode(additionalProperties)) found.push(['{}', additionalProperties]);
  return found;
}

function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
