import { describe, expect, it } from 'vitest';
import { fieldReference } from './field-reference.ts';
import { structuralFaults } from './structural-schema.ts';
import { toOpenApiSchema } from './open-api-schema.ts';
import { TrainingRunSchema } from '../v1alpha1/training-run.ts';
import { trainingRunCrd } from './training-run-crd.ts';

describe("the TrainingRun CRD's schema", () => {
  it('has no fault that an API server would refuse', () => {
    expect(structuralFaults(toOpenApiSchema(TrainingRunSchema))).toEqual([]);
  });

  it('describes every field', () => {
    const reference = fieldReference('', toOpenApiSchema(TrainingRunSchema));
    const undescribed = reference.split('\n').filter((row) => row.endsWith('|  |'));
    expect(undescribed).toEqual([]);
  });

  it('makes literal whole numbers integers, which rules can look for in a list', () => {
    const schema = toOpenApiSchema(TrainingRunSchema.shape.spec.shape.model);
    expect(schema).toMatchObject({
      properties: { depth: { type: 'integer' }, channels: { type: 'integer' } },
    });
  });

  it('stays well below the 256 KiB that client-side apply can annotate', () => {
    expect(JSON.stringify(trainingRunCrd()).length).toBeLessThan(128 * 1024);
  });
});

describe('the structural checker', () => {
  it.each([
    [{ type: 'object', properties: { a: {} } }, '.a: has no type'],
    [{ type: 'object', properties: { a: { type: 'string' } } }, '.a: is a string without maxLength'],
    [
      { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } },
      '.a: is a list without maxItems',
    ],
    [
      { type: 'object', properties: {}, additionalProperties: { type: 'integer' }, maxProperties: 1 },
      'root: has properties and additionalProperties',
    ],
    [{ type: 'number', exclusiveMinimum: 0 }, 'root: exclusiveMinimum must be a boolean'],
    [{ type: 'integer', oneOf: [] }, 'root: has the forbidden keyword oneOf'],
    [
      { type: 'object', properties: {}, default: {}, 'x-kubernetes-validations': [] },
      'root: has rules and a default, on which they would be evaluated',
    ],
  ])('finds the fault in %j', (schema, expected) => {
    expect(structuralFaults(schema)).toEqual([expected]);
  });
});
