import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { crdPairs } from './baseline.ts';
import { incompatibilities } from './crd-compatibility.ts';

/** A CRD with one version, changed by parts of its version and of the schema of one field. */
function crd(field: object, version: object = {}, spec: object = {}): object {
  return {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          selectableFields: [{ jsonPath: '.spec.field' }],
          schema: { openAPIV3Schema: { type: 'object', properties: { field } } },
          ...version,
        },
      ],
      ...spec,
    },
  };
}

const bounded = {
  type: 'string',
  minLength: 1,
  maxLength: 10,
  enum: ['a', 'b'],
  default: 'a',
  pattern: '^[ab]$',
};

describe('the check of compatibility', () => {
  it('finds nothing where the next only adds', () => {
    const next = { ...bounded, minLength: 0, maxLength: 20, enum: ['a', 'b', 'c'], description: 'Changed.' };
    expect(incompatibilities(crd(bounded), crd(next))).toEqual([]);
    const object = { type: 'object', properties: { a: { type: 'string' } } };
    const larger = { ...object, properties: { ...object.properties, b: { type: 'string', default: 'x' } } };
    expect(incompatibilities(crd(object), crd(larger))).toEqual([]);
    const ruled = { ...larger, 'x-kubernetes-validations': [{ rule: '!has(self.b) || self.a != self.b' }] };
    expect(incompatibilities(crd(object), crd(ruled))).toEqual([]);
    expect(incompatibilities(crd(larger), crd(ruled))).toHaveLength(1);
    const narrow = {
      ...{ minimum: 0, exclusiveMinimum: true, multipleOf: 2 },
      anyOf: [{}],
      uniqueItems: true,
    };
    expect(incompatibilities(crd(narrow), crd({ minimum: 0 }))).toEqual([]);
    expect(incompatibilities(crd({ minimum: 0 }), crd({ minimum: -1, exclusiveMinimum: true }))).toEqual([]);
  });

  it.each<[string, object, object, string]>([
    [
      'a field that is gone',
      { type: 'object', properties: { a: {} } },
      { type: 'object', properties: {} },
      'field.a is gone',
    ],
    [
      'another type',
      { type: 'string' },
      { type: 'integer' },
      'field: type has changed from "string" to "integer"',
    ],
    ['another default', bounded, { ...bounded, default: 'b' }, 'field: default has changed from "a" to "b"'],
    ['another pattern', bounded, { ...bounded, pattern: '^a$' }, 'field: pattern has changed'],
    ['a tighter bound', bounded, { ...bounded, maxLength: 9 }, 'field: maxLength is tighter, 9 after 10'],
    [
      'a new bound',
      { type: 'integer' },
      { type: 'integer', minimum: 0 },
      'field: minimum is tighter, 0 after none',
    ],
    [
      'a lower bound that is out itself now',
      { minimum: 0 },
      { minimum: 0, exclusiveMinimum: true },
      'field: minimum leaves out 0 now',
    ],
    [
      'an upper bound that is out itself now',
      { maximum: 1, exclusiveMaximum: false },
      { maximum: 1, exclusiveMaximum: true },
      'field: maximum leaves out 1 now',
    ],
    [
      'another set of forms',
      { anyOf: [{}, { type: 'string' }] },
      { anyOf: [{}] },
      'field: anyOf has changed',
    ],
    ['a first set of forms', {}, { oneOf: [{ required: ['a'] }] }, 'field: oneOf has changed from none'],
    ['a form for all', {}, { allOf: [{ minLength: 1 }] }, 'field: allOf has changed from none'],
    ['a form that may not be', {}, { not: { required: ['a'] } }, 'field: not has changed from none'],
    ['another step', { multipleOf: 2 }, { multipleOf: 4 }, 'field: multipleOf has changed from 2 to 4'],
    ['items that may not come twice', {}, { uniqueItems: true }, 'field: no item may come twice now'],
    ['a value less', bounded, { ...bounded, enum: ['a'] }, 'field: "b" is not taken any more'],
    [
      'a first list of values',
      { type: 'string' },
      { type: 'string', enum: ['a'] },
      'field: takes only some values now',
    ],
    ['a null less', { nullable: true }, {}, 'field: nullable is gone'],
    [
      'a new rule',
      {},
      { 'x-kubernetes-validations': [{ rule: 'self > 1' }] },
      'field: has a new rule, self > 1',
    ],
    [
      'a field that is wanted now',
      { type: 'object' },
      { type: 'object', required: ['a'] },
      'field: a is required now',
    ],
    [
      'a change in a list',
      { items: { maximum: 3 } },
      { items: { maximum: 2 } },
      'field[]: maximum is tighter',
    ],
    [
      'a change in a map',
      { additionalProperties: { type: 'string' } },
      { additionalProperties: { type: 'integer' } },
      'field[]: type has changed',
    ],
    [
      'a list that is told apart otherwise',
      { 'x-kubernetes-list-type': 'map' },
      { 'x-kubernetes-list-type': 'set' },
      'x-kubernetes-list-type has changed',
    ],
  ])('finds %s', (_, before, after, says) => {
    expect(incompatibilities(crd(before), crd(after))).toEqual([expect.stringContaining(says)]);
  });

  it.each<[string, object, object, string]>([
    ['a version that is not served', { served: false }, {}, 'v1 is not served any more'],
    ['another version that is stored', { storage: false }, {}, 'v1 is stored in another version'],
    ['a subresource that is gone', { subresources: {} }, {}, 'the subresource status is gone'],
    [
      'a field that cannot be selected',
      { selectableFields: [] },
      {},
      '.spec.field cannot be selected any more',
    ],
    ['another scope', {}, { scope: 'Cluster' }, 'scope has changed'],
  ])('finds %s', (_, version, spec, says) => {
    expect(incompatibilities(crd({}), crd({}, version, spec))).toEqual([says]);
  });
});

const pairs = await crdPairs();

describe('the CRDs', () => {
  it.each(pairs)('of $name take every object that those of the last release took', ({ before, after }) => {
    const changes = incompatibilities(load(before), load(after));
    const cure =
      'give the field back its old form, or add a new one beside it; before there is a release, `npm run baseline`';
    expect(changes, cure).toEqual([]);
  });
});
