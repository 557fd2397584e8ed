import * as z from 'zod';

/** What the rank that saves was running on and with: the same again is needed to get the same bits. */
export const TrainingEnvironment = z.object({
  /** Releases, as in `2.21.0`. */
  tensorflow: z.string().max(64),
  node: z.string().max(64),
  /** Model of the processor. */
  processor: z.string().max(256),
  /** Threads of TensorFlow's kernels. */
  threadsPerRank: z.int().min(1),
});
export type TrainingEnvironment = z.output<typeof TrainingEnvironment>;
