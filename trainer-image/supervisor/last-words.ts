import type { TrainingResult } from '../../operator/api/trainer/progress.ts';
import type { TerminationMessage } from '../../operator/api/trainer/termination-message.ts';
import { formatDurationMs } from '../../operator/base/durations.ts';
import type { ProgressBoard } from './progress-board.ts';
import type { Verdict } from './root-cause.ts';

/** How a pod came to its end. */
export type PodEnding =
  /** Only pod 0 knows the result. */
  | { readonly how: 'finished'; readonly result?: TrainingResult }
  /** Told to stop. `step` is absent when no rank had begun to train. */
  | { readonly how: 'stopped'; readonly step?: number }
  | { readonly how: 'failed'; readonly verdict: Verdict };

/** The termination message of a pod: why it ends, and what nobody can ask it any more. */
export function lastWordsOf(ending: PodEnding, board: ProgressBoard): TerminationMessage {
  const { progress, checkpoint, start } = board.document();
  const step = board.lastStep();
  const known = {
    ...(step === undefined ? {} : { step }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(start === undefined ? {} : { start }),
    ...(progress === undefined ? {} : { progress }),
  };
  switch (ending.how) {
    case 'finished':
      return {
        ...known,
        reason: 'Completed',
        message: ending.result === undefined ? 'All ranks of this pod have finished.' : praise(ending.result),
        ...(ending.result === undefined ? {} : { result: ending.result }),
      };
    case 'stopped': {
      const where = ending.step === undefined ? 'before the first step' : `after step ${ending.step}`;
      const saved = checkpoint === undefined ? '' : ` The checkpoint is at step ${checkpoint.step}.`;
      return { ...known, reason: 'Terminated', message: `Told to stop and did ${where}.${saved}` };
    }
    case 'failed':
      return { ...known, ...ending.verdict };
  }
}

function praise({ top1, top5, epochs, trainSeconds }: TrainingResult): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const time = formatDurationMs(trainSeconds * 1000);
  return `Trained ${epochs} epochs in ${time}: top-1 ${percent(top1)}, top-5 ${percent(top5)}.`;
}
