import * as z from 'zod';
import type { ObjectMeta } from '../wire.ts';
import { runNameRules, specRules, toCel } from './rules.ts';
import { SpecFields, type TrainingRunSpec } from './spec.ts';
import { TrainingRunStatus } from './status.ts';

/**
 * The parts of a TrainingRun that have a schema; `metadata` is Kubernetes' own.
 *
 * `spec` has no default of its own and its rules stand at its level: the API server evaluates rules on a bare default
 * before nested defaults are filled in, and would refuse the CRD.
 */
export const TrainingRunSchema = z
  .object({
    spec: SpecFields.meta({ 'x-kubernetes-validations': toCel(specRules) }).describe(
      'What to train, on what, how, and with what resources.',
    ),
    status: TrainingRunStatus.optional().describe('What is known of the run. Written by the operator only.'),
  })
  .meta({ 'x-kubernetes-validations': toCel(runNameRules) });

/** A TrainingRun on the wire, defaulted. */
export interface TrainingRun {
  apiVersion: string;
  kind: 'TrainingRun';
  metadata: ObjectMeta;
  spec: TrainingRunSpec;
  status?: TrainingRunStatus;
}
