import { z } from 'zod';
import { trainerReasons, type TrainerReason } from '../v1alpha1/reasons.ts';

const reasonWords = Object.keys(trainerReasons).filter(
  (word): word is TrainerReason => word in trainerReasons,
);

/**
 * The last words of a trainer, written as JSON to the container's termination log.
 * Kubernetes keeps at most 4,096 bytes of it, hence the bounds.
 */
export const TerminationMessage = z.object({
  reason: z.enum(reasonWords),
  message: z.string().max(2048),
  /** Global rank that failed first, when a rank did. */
  rank: z.int().min(0).optional(),
  /** Exit code of that rank; 128 + n for signal n. */
  exitCode: z.int().optional(),
  /** Last finished step of this attempt. */
  step: z.int().min(0).optional(),
  /** The checkpoint that the next attempt will find. */
  checkpoint: z.object({ step: z.int().min(0), uri: z.string().max(1024) }).optional(),
});
export type TerminationMessage = z.output<typeof TerminationMessage>;

/** The message in a termination log, or `undefined` when it holds something else. */
export function parseTerminationMessage(text: string | undefined): TerminationMessage | undefined {
  if (text === undefined || !text.startsWith('{')) return undefined;
  try {
    return TerminationMessage.parse(JSON.parse(text));
  } catch {
    return undefined; // Another program's last words are not ours to interpret.
  }
}

/** The text to write, shortened so that it stays valid JSON within 4,096 bytes. */
export function formatTerminationMessage(message: TerminationMessage): string {
  return JSON.stringify({ ...message, message: message.message.slice(0, 1500) });
}
