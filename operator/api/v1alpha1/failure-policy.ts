import * as z from 'zod';
import { Duration } from './scalars.ts';

const FailureRule = z.strictObject({
  name: z.string().max(63).optional().describe('A name for events and messages.'),
  action: z
    .enum(['Restart', 'RestartUncharged', 'Fail'])
    .describe(
      'Restart: a new attempt, charged to maxRestarts. RestartUncharged: not charged. Fail: end the run.',
    ),
  exitCodes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .max(64)
    .optional()
    .describe('Exit codes of the container.'),
  reasons: z
    .array(z.string().max(64))
    .min(1)
    .max(64)
    .optional()
    .describe('Reason words, such as PeerLost or OutOfMemory.'),
  messagePattern: z.string().max(256).optional().describe('Regular expression found in the message.'),
  podConditions: z
    .array(z.string().max(64))
    .min(1)
    .max(16)
    .optional()
    .describe('Pod condition types that are True, such as DisruptionTarget.'),
});
export type FailureRule = z.output<typeof FailureRule>;

/** What happens when a pod of the gang fails. */
export const FailurePolicy = z.strictObject({
  maxRestarts: z
    .int()
    .min(0)
    .max(10_000)
    .default(3)
    .describe('Charged restarts before the run fails. Default 3.'),
  resetOnProgress: z
    .boolean()
    .default(true)
    .describe(
      'Count from 0 again once a later checkpoint than the last attempt started from was saved. Default true.',
    ),
  hangTimeout: Duration.default('10m').describe(
    'No finished step for so long is a failure (reason Hung). Default 10m.',
  ),
  startTimeout: Duration.default('15m').describe(
    'Not all pods running for so long gives back a half-placed gang. Default 15m.',
  ),
  forceDeleteAfter: Duration.optional().describe(
    'Delete a pod by force so long after its grace period, when its node does not say that it ended. The next attempt waits for that. Set it only where a node that is silent for so long is off. Default: never.',
  ),
  backoff: z
    .strictObject({
      initial: Duration.default('10s').describe(
        'Wait before the first restart; doubles each time. Default 10s.',
      ),
      max: Duration.default('5m').describe('Longest wait. Default 5m.'),
    })
    .prefault({})
    .describe('Wait between attempts.'),
  rules: z
    .array(FailureRule)
    .max(32)
    .default([])
    .describe('First match wins; every field that is given must match. Default: none.'),
});
export type FailurePolicy = z.output<typeof FailurePolicy>;
