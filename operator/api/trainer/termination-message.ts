import * as z from 'zod';
import { trainerReasons, type TrainerReason } from '../v1alpha1/reasons.ts';
import { CheckpointStatus, ProgressStatus } from '../v1alpha1/status.ts';
import { AttemptStart, TrainingResult } from './progress.ts';

/** Whether a reason word is one that a trainer may end with. */
export function isTrainerReason(word: string): word is TrainerReason {
  return Object.hasOwn(trainerReasons, word);
}

const reasonWords = Object.keys(trainerReasons).filter(isTrainerReason);

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
  checkpoint: CheckpointStatus.optional(),
  /** Where this attempt started, for an operator that never came to ask. */
  start: AttemptStart.optional(),
  /** How far training was: what the last `GET /progress` would have said, had somebody asked in time. */
  progress: ProgressStatus.optional(),
  /** The final accuracy, with reason Completed. */
  result: TrainingResult.optional(),
});
export type TerminationMessage = z.output<typeof TerminationMessage>;

/** The message in a termination log, or `undefined` when it holds something else. */
export function parseTerminationMessage(text: string | undefined): TerminationMessage | undefined {
  if (!text?.startsWith('{')) return undefined;
  try {
    return TerminationMessage.parse(JSON.parse(text));
  } catch {
    return undefined; // Another program's last words are not ours to interpret.
  }
}

/** What the kubelet keeps of a container's termination log. */
export const terminationMessageSizeBytes = 4096;

/** The text to write: valid JSON within 4,096 bytes, for which the message is cut and what is of least use left out if need be. */
export function formatTerminationMessage(message: TerminationMessage): string {
  const { progress, start, ...essential } = message;
  const candidates = [
    { ...essential, message: message.message.slice(0, 1500), start, progress },
    { ...essential, message: message.message.slice(0, 1500), progress },
    { ...essential, message: message.message.slice(0, 1500) },
    { ...essential, message: message.message.slice(0, 300) },
  ];
  const texts = candidates.map((candidate) => JSON.stringify(candidate));
  const fitting = texts.find((text) => Buffer.byteLength(text) <= terminationMessageSizeBytes);
  return fitting ?? JSON.stringify({ reason: message.reason, message: message.message.slice(0, 300) });
}
