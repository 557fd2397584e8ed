import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Bounds, with whether a larger number lets less through. */
const bounds: readonly [string, 'lower' | 'upper'][] = [
  ...['minimum', 'minLength', 'minItems', 'minProperties'].map((key): [string, 'lower'] => [key, 'lower']),
  ...['maximum', 'maxLength', 'maxItems', 'maxProperties'].map((key): [string, 'upper'] => [key, 'upper']),
];

/** With `true`, the bound itself is out too: OpenAPI 3.0, as CRDs have it. */
const exclusiveBounds: readonly [key: string, bound: string][] = [
  ['exclusiveMinimum', 'minimum'],
  ['exclusiveMaximum', 'maximum'],
];

/** What must stay as it is: with another value, objects that were valid are not, or mean something else. */
const fixed = [
  'type',
  'pattern',
  'format',
  'default',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
];

/** What narrows a value in a way that is not compared any closer. */
const narrowing = ['not', 'allOf', 'anyOf', 'oneOf', 'multipleOf'];

/** What may not be taken away. */
const lasting = ['nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string'];

/**
 * Why objects and clients of one CustomResourceDefinition might not go on with the next: one line a change, with the path
 * of the field; empty when the next only adds.
 */
export function incompatibilities(before: unknown, after: unknown): string[] {
  const [old, next] = [record(record(before).spec), record(record(after).spec)];
  const changes = ['group', 'scope', 'names']
    .filter((key) => !isDeepStrictEqual(old[key], next[key]))
    .map((key) => `${key} has changed`);
  for (const version of list(old.versions)) {
    const name = String(version.name);
    const successor = list(next.versions).find((other) => other.name === name);
    if (version.served !== true) continue;
    if (successor?.served !== true) changes.push(`${name} is not served any more`);
    else changes.push(...versionChanges(version, successor));
  }
  return changes;
}

function versionChanges(old: Schema, next: Schema): string[] {
  const fields = (version: Schema) => list(version.selectableFields).map(({ jsonPath }) => String(jsonPath));
  return [
    ...(old.storage === next.storage ? [] : [`${String(old.name)} is stored in another version`]),
    ...Object.keys(record(old.subresources))
      .filter((name) => !(name in record(next.subresources)))
      .map((name) => `the subresource ${name} is gone`),
    ...fields(old)
      .filter((path) => !fields(next).includes(path))
      .map((path) => `${path} cannot be selected any more`),
    ...schemaChanges(record(old.schema).openAPIV3Schema, record(next.schema).openAPIV3Schema, ''),
  ];
}

function schemaChanges(before: unknown, after: unknown, path: string): string[] {
  const [old, next] = [record(before), record(after)];
  const at = path === '' ? 'the object' : path.slice(1);
  return [
    ...fixed
      .filter((key) => !isDeepStrictEqual(old[key], next[key]))
      .map((key) => `${at}: ${key} has changed from ${text(old[key])} to ${text(next[key])}`),
    ...lasting.filter((key) => old[key] === true && next[key] !== true).map((key) => `${at}: ${key} is gone`),
    ...bounds
      .filter(([key, side]) => isTighter(old[key], next[key], side))
      .map(([key]) => `${at}: ${key} is tighter, ${text(next[key])} after ${text(old[key])}`),
    ...exclusiveBounds
      .filter(([key, bound]) => next[key] === true && old[key] !== true && next[bound] === old[bound])
      .map(([, bound]) => `${at}: ${bound} leaves out ${text(next[bound])} now`),
    ...narrowing
      .filter((key) => next[key] !== undefined && !isDeepStrictEqual(old[key], next[key]))
      .map((key) => `${at}: ${key} has changed from ${text(old[key])} to ${text(next[key])}`),
    ...(next.uniqueItems === true && old.uniqueItems !== true ? [`${at}: no item may come twice now`] : []),
    ...enumChanges(old.enum, next.enum, at),
    ...ruleChanges(old, next, at),
    ...propertyChanges(old, next, path, at),
    ...['items', 'additionalProperties'].flatMap((key) => {
      if (!isObject(old[key])) return [];
      return isObject(next[key])
        ? schemaChanges(old[key], next[key], `${path}[]`)
        : [`${at}: ${key} is gone`];
    }),
  ];
}

function isTighter(old: unknown, next: unknown, side: 'lower' | 'upper'): boolean {
  if (typeof next !== 'number') return false;
  if (typeof old !== 'number') return true;
  return side === 'lower' ? next > old : next < old;
}

function enumChanges(old: unknown, next: unknown, at: string): string[] {
  if (!Array.isArray(next)) return [];
  if (!Array.isArray(old)) return [`${at}: takes only some values now`];
  return old
    .filter((value) => !next.includes(value))
    .map((value) => `${at}: ${text(value)} is not taken any more`);
}

function ruleChanges(old: Schema, next: Schema, at: string): string[] {
  const rules = (schema: Schema) => list(schema['x-kubernetes-validations']).map(({ rule }) => String(rule));
  const known = new Set(rules(old));
  return rules(next)
    .filter((rule) => !known.has(rule) && !isAboutNewField(rule, old))
    .map((rule) => `${at}: has a new rule, ${rule}`);
}

/** Whether a rule asks nothing of objects that lack a field, and no older object has that field. */
function isAboutNewField(rule: string, old: Schema): boolean {
  const path = /^!has\(self\.([\w.]+)\) \|\| /.exec(rule)?.[1];
  if (path === undefined) return false;
  const field = path
    .split('.')
    .reduce<unknown>((schema, name) => record(record(schema).properties)[name], old);
  return field === undefined;
}

function propertyChanges(old: Schema, next: Schema, path: string, at: string): string[] {
  const [before, after] = [record(old.properties), record(next.properties)];
  const wanted = (schema: Schema) => (Array.isArray(schema.required) ? (schema.required as string[]) : []);
  return [
    ...Object.keys(before).flatMap((key) =>
      key in after
        ? schemaChanges(before[key], after[key], `${path}.${key}`)
        : [`${path.slice(1)}.${key} is gone`],
    ),
    ...wanted(next)
      .filter((key) => !wanted(old).includes(key))
      .map((key) => `${at}: ${key} is required now`),
  ];
}

function record(value: unknown): Schema {
  return isObject(value) ? value : {};
}

function list(value: unknown): Schema[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function text(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
