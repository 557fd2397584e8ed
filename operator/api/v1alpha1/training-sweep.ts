import * as z from 'zod';
import type { ObjectMeta } from '../wire.ts';
import { toCel } from './rules.ts';
import { sweepNameRules, sweepRules } from './training-sweep-rules.ts';
import { SweepSpecFields, type TrainingSweepSpec } from './training-sweep-spec.ts';
import { TrainingSweepStatus } from './training-sweep-status.ts';

/** The parts of a TrainingSweep that have a schema. Where its rules stand: see `TrainingRunSchema`. */
export const TrainingSweepSchema = z
  .object({
    spec: SweepSpecFields.meta({ 'x-kubernetes-validations': toCel(sweepRules) }).describe(
      'What to try, how, and how much of it at a time.',
    ),
    status: TrainingSweepStatus.optional().describe(
      'What is known of the sweep. Written by the operator only.',
    ),
  })
  .meta({ 'x-kubernetes-validations': toCel(sweepNameRules) });

/** A TrainingSweep on the wire, defaulted. */
export interface TrainingSweep {
  apiVersion: string;
  kind: 'TrainingSweep';
  metadata: ObjectMeta;
  spec: TrainingSweepSpec;
  status?: TrainingSweepStatus;
}
