import type { SchemaNode } from './open-api-schema.ts';

/** A Markdown table of all fields of a schema: path, type, what it does. Defaults stand in the descriptions. */
export function fieldReference(title: string, schema: SchemaNode): string {
  const rows = rowsOf(schema, '');
  return [
    `# ${title}`,
    '',
    'Made from the schemas in `operator/api/v1alpha1` by `npm run generate`. Do not edit.',
    '',
    '| field | type | meaning |',
    '| --- | --- | --- |',
    ...rows.map(([path, type, text]) => `| \`${path}\` | ${type} | ${text.replaceAll('|', '\\|')} |`),
    '',
  ].join('\n');
}

function rowsOf(schema: SchemaNode, path: string): [string, string, string][] {
  const { properties, items } = schema;
  if (typeof items === 'object' && items !== null) return rowsOf({ ...items }, `${path}[]`);
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries<SchemaNode>({ ...properties }).flatMap(([name, field]) => {
    const fieldPath = path === '' ? name : `${path}.${name}`;
    const description = typeof field.description === 'string' ? field.description : '';
    return [[fieldPath, typeText(field), description], ...rowsOf(field, fieldPath)];
  });
}

function typeText(field: SchemaNode): string {
  const { type, minimum, maximum } = field;
  if (field['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (Array.isArray(field.enum)) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'array') return 'list';
  if (type === 'object') return field.additionalProperties === undefined ? 'object' : 'map';
  if (typeof type !== 'string') return 'any';
  return typeof minimum === 'number' && typeof maximum === 'number'
    ? `${type}, ${minimum} to ${maximum}`
    : type;
}
