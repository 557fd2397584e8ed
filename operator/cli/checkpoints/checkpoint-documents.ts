import * as z from 'zod';
import { TrainingEnvironment } from '../../api/trainer/training-environment.ts';

/** One checkpoint in a list, as the trainer's program prints it. */
export const CheckpointSummary = z.object({
  uri: z.string(),
  step: z.int(),
  sizeBytes: z.int(),
  run: z.string().optional(),
  epoch: z.number().optional(),
  attempt: z.int().optional(),
  top1: z.number().optional(),
  savedAt: z.string().optional(),
  /** Why it is no checkpoint. */
  problem: z.string().optional(),
});
export type CheckpointSummary = z.output<typeof CheckpointSummary>;

/** One checkpoint in full; of its state only what is shown. */
export const CheckpointDetails = CheckpointSummary.extend({
  files: z.record(z.string(), z.int()),
  state: z.looseObject({
    worldSize: z.int(),
    weightsHash: z.string(),
    trainSeconds: z.number(),
    environment: TrainingEnvironment.optional(),
    best: z.object({ top1: z.number(), step: z.int() }).optional(),
    history: z.array(
      z.looseObject({
        epoch: z.number(),
        top1: z.number(),
        trainLoss: z.number(),
        validationLoss: z.number(),
      }),
    ),
    spec: z.looseObject({
      model: z.looseObject({ depth: z.int(), variant: z.string(), classes: z.int(), imageSize: z.int() }),
    }),
  }),
});
export type CheckpointDetails = z.output<typeof CheckpointDetails>;

export const PruneResult = z.object({ kept: z.array(z.string()), removed: z.array(z.string()) });
export const DownloadResult = z.object({ uri: z.string(), folder: z.string() });
export const ExportResult = z.object({ uri: z.string(), file: z.string(), sizeBytes: z.int() });
