import { writeFile } from 'node:fs/promises';
import {
  formatTerminationMessage,
  type TerminationMessage,
} from '../../operator/api/trainer/termination-message.ts';
import type { Logger } from '../../operator/base/logging.ts';

/**
 * Leaves the last words where the kubelet, or its local stand-in, looks for them. A failure to write is only logged:
 * the exit code still tells the kind of failure, and there is nobody left to tell more.
 */
export async function writeTerminationMessage(
  file: string,
  message: TerminationMessage,
  log: Logger,
): Promise<void> {
  log[message.reason === 'Completed' || message.reason === 'Terminated' ? 'info' : 'error'](
    { reason: message.reason, rank: message.rank, step: message.step },
    message.message,
  );
  try {
    await writeFile(file, formatTerminationMessage(message));
  } catch (error) {
    log.warn({ err: error, file }, 'the termination message could not be written');
  }
}
