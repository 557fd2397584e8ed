import * as z from 'zod';
import { ObjectName, Uri } from './scalars.ts';

/** Where and how often the state of training is saved. */
export const Checkpoints = z.strictObject({
  uri: Uri.describe('Folder under which <namespace>/<run>/<uid>/step-<n> is written.'),
  every: z
    .strictObject({
      epochs: z.number().gt(0).max(100_000).optional().describe('A checkpoint after this many epochs.'),
      steps: z.int().min(1).max(1_000_000_000).optional().describe('A checkpoint after this many steps.'),
    })
    .default({ epochs: 1 })
    .describe('How often. Give epochs or steps. Default: every epoch.'),
  keep: z
    .strictObject({
      last: z.int().min(1).max(1000).default(3).describe('How many of the newest to keep. Default 3.'),
      best: z
        .boolean()
        .default(true)
        .describe('Keep the one of the best validation top-1 too. Default true.'),
    })
    .prefault({})
    .describe('What is not removed. Only what this run wrote is ever removed.'),
  credentials: z
    .strictObject({
      secretRef: z
        .strictObject({ name: ObjectName.describe('Name of the Secret.') })
        .describe('A Secret of the same namespace.'),
    })
    .optional()
    .describe(
      'A Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, if needed AWS_SESSION_TOKEN, AWS_REGION and ca.crt, mounted as files and read again when it changes. Default: workload identity.',
    ),
  endpoint: z
    .string()
    .max(1024)
    .regex(/^https?:\/\//, 'must begin with http:// or https://')
    .optional()
    .describe('Endpoint of an S3-compatible store. Default: AWS.'),
});
export type Checkpoints = z.output<typeof Checkpoints>;
