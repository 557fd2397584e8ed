import { describe, expect, it } from 'vitest';
import { TrainingSweepSchema } from '../v1alpha1/training-sweep.ts';
import { fieldReference } from './field-reference.ts';
import { toOpenApiSchema } from './open-api-schema.ts';
import { structuralFaults } from './structural-schema.ts';
import { trainingSweepCrd } from './training-sweep-crd.ts';

describe("the TrainingSweep CRD's schema", () => {
  it('has no fault that an API server would refuse', () => {
    expect(structuralFaults(toOpenApiSchema(TrainingSweepSchema))).toEqual([]);
  });

  it('describes every field', () => {
    const reference = fieldReference('', toOpenApiSchema(TrainingSweepSchema));
    expect(reference.split('\n').filter((row) => row.endsWith('|  |'))).toEqual([]);
  });

  it('gives no default to what a row of an ablation may set', () => {
    const rows = JSON.stringify(toOpenApiSchema(TrainingSweepSchema.shape.spec.shape.ablation));
    const defaults = rows.match(/"default":[^,}]*/g);
    expect(defaults).toEqual(['"default":{', '"default":"cumulative"', '"default":[0']);
  });

  it('stays well below the 256 KiB that client-side apply can annotate', () => {
    expect(JSON.stringify(trainingSweepCrd()).length).toBeLessThan(128 * 1024);
  });
});
