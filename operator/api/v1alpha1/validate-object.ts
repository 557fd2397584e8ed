import { distance } from 'fastest-levenshtein';
import * as z from 'zod';
import type { ObjectMeta } from '../wire.ts';
import { apiVersion } from './group.ts';
import { nearMiss } from './near-miss.ts';
import type { Rule } from './rules.ts';
import { DnsLabel } from './scalars.ts';
import { knownFields } from './schema-navigation.ts';
import type { FieldProblem } from './validation.ts';
import { isObject, isObjectMeta } from './wire-guards.ts';

/** What a kind of object must satisfy. */
export interface KindContract<Spec> {
  readonly kind: string;
  readonly spec: z.ZodType<Spec>;
  readonly nameRules: readonly Rule<{ metadata: { name?: string } }>[];
  readonly specRules: readonly Rule<Spec>[];
  /** What no schema and no rule of the API server can tell, found in a spec that satisfies them. */
  readonly otherProblems: (spec: Spec) => readonly FieldProblem[];
  /** Fields of the spec that cannot be left out, for whoever left out all of it. */
  readonly required: string;
}

/** An object whose parts are checked, with defaults filled in. */
export interface ValidObject<Spec> {
  readonly object: Readonly<Record<string, unknown>>;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
}

export type ObjectValidation<Spec> =
  | ({ readonly ok: true } & ValidObject<Spec>)
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * What becomes of fields that the schema does not know. A person who writes one has mistaken its name; in a stored object
 * it is of a newer version, whose defaults the API server fills in even before the newer operator runs.
 */
export type UnknownFields = 'refused' | 'ignored';

/**
 * Checks a manifest as the API server does with the CRD, and fills in defaults. All problems are found at once.
 * @param old the stored spec, for fields that cannot change
 */
export function validateObject<Spec>(
  contract: KindContract<Spec>,
  object: unknown,
  old?: Spec,
  unknown: UnknownFields = 'refused',
): ObjectValidation<Spec> {
  if (!isObject(object))
    return invalid([
      { path: '', value: object, message: 'must be an object with apiVersion, kind, metadata and spec' },
    ]);
  const problems: FieldProblem[] = [
    ...expectWord(object, 'apiVersion', apiVersion),
    ...expectWord(object, 'kind', contract.kind),
    ...(unknown === 'refused' ? unknownFields(object) : []),
  ];
  const { metadata } = object;
  if (!isObjectMeta(metadata)) {
    problems.push({
      path: 'metadata.name',
      ...valueAt(metadata, ['name']),
      message: 'is required: a name of lower-case letters, digits and -',
    });
  } else {
    problems.push(
      ...brokenRules(contract.nameRules, { metadata }, undefined, []),
      ...namespaceProblems(metadata),
    );
  }
  if (object.spec === undefined) {
    problems.push({ path: 'spec', message: `is required; at least ${contract.required} must be given` });
    return invalid(problems);
  }
  const given = withoutNulls(object.spec);
  const parsed = unknown === 'refused' ? contract.spec.safeParse(given) : parseKnown(contract.spec, given);
  if (!parsed.success) {
    problems.push(...schemaProblems(contract.spec, parsed.error, given, ['spec']));
    return invalid(problems);
  }
  const spec = parsed.data;
  problems.push(...brokenRules(contract.specRules, spec, old, ['spec']), ...contract.otherProblems(spec));
  if (problems.length > 0 || !isObjectMeta(metadata)) return invalid(problems);
  return { ok: true, object, metadata, spec };
}

/** Parses what a schema knows of a value. */
function parseKnown<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed;
  const known = structuredClone(value);
  for (const issue of parsed.error.issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const { value: parent } = valueAt(known, issue.path);
    if (isObject(parent)) for (const key of issue.keys) Reflect.deleteProperty(parent, key);
  }
  return schema.safeParse(known);
}

/**
 * What a schema found wrong with a value, as people read it.
 * @param base path of the value in its object
 */
export function schemaProblems(
  schema: z.ZodType,
  error: z.core.$ZodError,
  value: unknown,
  base: readonly PropertyKey[],
): FieldProblem[] {
  return error.issues.flatMap((issue) => describeIssue(issue, { schema, value, base }));
}

/** Problems for the rules that a valid value breaks. */
export function brokenRules<T>(
  rules: readonly Rule<T>[],
  value: T,
  old: T | undefined,
  base: readonly PropertyKey[],
): FieldProblem[] {
  return rules
    .filter((rule) => !rule.check(value, old))
    .map((rule) => ({
      path: formatPath([...base, ...rule.path]),
      ...valueAt(value, rule.path),
      message: rule.message,
    }));
}

function invalid(problems: readonly FieldProblem[]): { ok: false; problems: readonly FieldProblem[] } {
  return { ok: false, problems };
}

function expectWord(
  object: Readonly<Record<string, unknown>>,
  field: string,
  expected: string,
): FieldProblem[] {
  const value = object[field];
  if (value === expected) return [];
  const near = typeof value === 'string' && distance(value, expected) <= 6 ? { suggestion: expected } : {};
  return [
    { path: field, ...(value === undefined ? {} : { value }), message: `must be ${expected}`, ...near },
  ];
}

function unknownFields(object: Readonly<Record<string, unknown>>): FieldProblem[] {
  const known = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => unknownField([], key, known, valueAt(object, [key])));
}

function unknownField(
  path: readonly PropertyKey[],
  key: string,
  known: readonly string[],
  found: { value?: unknown },
): FieldProblem {
  const suggestion = nearMiss(key, known);
  return {
    path: formatPath([...path, key]),
    ...found,
    message: `unknown field${suggestion === undefined ? `; known here: ${known.join(', ')}` : ''}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** A namespace becomes part of host names and of the checkpoints' path. The API server checks it by itself. */
function namespaceProblems({ namespace }: ObjectMeta): FieldProblem[] {
  return namespace === undefined || DnsLabel.safeParse(namespace).success
    ? []
    : [{ path: 'metadata.namespace', value: namespace, message: 'must be lower-case letters, digits and -' }];
}

/** A value, the schema that it does not satisfy, and where it stands in its object. */
interface Examined {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly base: readonly PropertyKey[];
}

/** Turns one zod issue into what a person needs: the path, the value, what is allowed, a near miss. */
function describeIssue(issue: z.core.$ZodIssue, { schema, value, base }: Examined): FieldProblem[] {
  const path = [...base, ...issue.path];
  const found = valueAt(value, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields(schema, issue.path);
    return issue.keys.map((key) => unknownField(path, key, known, valueAt(value, [...issue.path, key])));
  }
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const suggestion = typeof found.value === 'string' ? nearMiss(found.value, allowed) : undefined;
    return [
      {
        path: formatPath(path),
        ...found,
        message: `must be ${allowed.length === 1 ? (allowed[0] ?? '') : `one of ${allowed.join(', ')}`}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      },
    ];
  }
  if (found.value === undefined) return [{ path: formatPath(path), message: 'is required' }];
  return [{ path: formatPath(path), ...found, message: plainMessage(issue) }];
}

function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${issue.inclusive === false ? 'greater than' : 'at least'} ${issue.minimum}`
        : `must have at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'items'}`;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
        : `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'}`;
    case 'invalid_union': {
      const inner = issue.errors.flat();
      // Of a quantity, the text branch says what is allowed.
      const format = inner.find(({ code }) => code === 'invalid_format')?.message;
      if (format !== undefined) return format;
      const expected = inner.flatMap((each) => (each.code === 'invalid_type' ? [each.expected] : []));
      return expected.includes('int')
        ? 'must be a quantity such as 4, 500m or 200Gi'
        : `must be ${expected.map(article).join(' or ')}`;
    }
    default:
      return issue.message;
  }
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    record: 'a map',
  };
  return names[expected] ?? `${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
}

/** A path as people write it: `spec.trainers.env[2].name`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

function valueAt(root: unknown, path: readonly PropertyKey[]): { value?: unknown } {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return {};
    value = Object.entries(value).find(([key]) => key === String(part))?.[1];
  }
  return value === undefined ? {} : { value };
}

/** The API server drops nulls of fields that are not nullable before it fills in defaults; null means unset. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([key, field]) => [key, withoutNulls(field)]),
  );
}
