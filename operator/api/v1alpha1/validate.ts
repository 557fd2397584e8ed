import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { duplicateNames } from './duplicates.ts';
import type { ObjectMeta } from '../wire.ts';
import { apiVersion, trainingRunKind } from './group.ts';
import { nearMiss } from './near-miss.ts';
import { runNameRules, specRules, type Rule } from './rules.ts';
import { DnsLabel } from './scalars.ts';
import { knownFields } from './schema-navigation.ts';
import { SpecFields } from './spec.ts';
import type { TrainingRun } from './training-run.ts';
import type { FieldProblem, Validation } from './validation.ts';
import { isObject, isObjectMeta } from './wire-guards.ts';

/**
 * Checks a manifest as the API server does with the CRD, and fills in defaults. All problems are found at once.
 * @param old the stored run, for fields that cannot change
 */
export function validateTrainingRun(object: unknown, old?: TrainingRun): Validation {
  if (!isObject(object))
    return invalid([
      { path: '', value: object, message: 'must be an object with apiVersion, kind, metadata and spec' },
    ]);
  const problems: FieldProblem[] = [
    ...expectWord(object, 'apiVersion', apiVersion),
    ...expectWord(object, 'kind', trainingRunKind),
    ...unknownFields(object),
  ];
  const { metadata } = object;
  if (!isObjectMeta(metadata)) {
    problems.push({
      path: 'metadata.name',
      ...valueAt(metadata, ['name']),
      message: 'is required: a name of lower-case letters, digits and -',
    });
  } else {
    problems.push(...brokenRules(runNameRules, { metadata }, undefined, []), ...namespaceProblems(metadata));
  }
  if (object.spec === undefined) {
    problems.push({
      path: 'spec',
      message: 'is required; at least spec.data and spec.checkpoints must be given',
    });
    return invalid(problems);
  }
  const spec = withoutNulls(object.spec);
  const parsed = SpecFields.safeParse(spec);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, spec)));
    return invalid(problems);
  }
  problems.push(...brokenRules(specRules, parsed.data, old?.spec, ['spec']), ...duplicateNames(parsed.data));
  if (problems.length > 0 || !isObjectMeta(metadata)) return invalid(problems);
  return { ok: true, run: { ...object, apiVersion, kind: trainingRunKind, metadata, spec: parsed.data } };
}

function invalid(problems: readonly FieldProblem[]): Validation {
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
    .map((key) => unknownField([], key, known, object));
}

function unknownField(
  path: readonly PropertyKey[],
  key: string,
  known: readonly string[],
  root: unknown,
): FieldProblem {
  const suggestion = nearMiss(key, known);
  return {
    path: formatPath([...path, key]),
    ...valueAt(root, [...path.slice(path[0] === 'spec' ? 1 : 0), key]),
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

function brokenRules<T>(
  rules: readonly Rule<T>[],
  value: T,
  old: T | undefined,
  base: readonly string[],
): FieldProblem[] {
  return rules
    .filter((rule) => !rule.check(value, old))
    .map((rule) => ({
      path: formatPath([...base, ...rule.path]),
      ...valueAt(value, rule.path),
      message: rule.message,
    }));
}

/** Turns one zod issue into what a person needs: the path, the value, what is allowed, a near miss. */
function describeIssue(issue: z.core.$ZodIssue, spec: unknown): FieldProblem[] {
  const path = ['spec', ...issue.path];
  const found = valueAt(spec, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields(SpecFields, issue.path);
    return issue.keys.map((key) => unknownField(path, key, known, spec));
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
      // The only union is the quantity; its text branch says what is allowed.
      const nested = issue.errors.flat().find((inner) => inner.code === 'invalid_format');
      return nested?.message ?? 'must be a quantity such as 4, 500m or 200Gi';
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

function formatPath(path: readonly PropertyKey[]): string {
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
