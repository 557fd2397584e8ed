import type { AttemptStart, ProgressDocument, TrainingResult } from '../../operator/api/trainer/progress.ts';
import type { CheckpointStatus } from '../../operator/api/v1alpha1/status.ts';
import type { RankProgress } from '../train/rank-protocol.ts';

/** What is known of this pod's training at the moment: what `GET /progress` and the termination message say. */
export interface ProgressBoard {
  document(): ProgressDocument;
  /** Last finished step of this attempt, by any rank of this pod; absent before the first. */
  lastStep(): number | undefined;
  noteProgress(message: RankProgress): void;
  noteStart(start: AttemptStart): void;
  noteCheckpoint(checkpoint: CheckpointStatus): void;
  noteStopping(): void;
  noteFinished(result: TrainingResult | undefined): void;
}

export function createProgressBoard(runUid: string, attempt: number): ProgressBoard {
  let document: ProgressDocument = { runUid, attempt, state: 'Starting', history: [] };
  let lastStep: number | undefined;

  return {
    document: () => document,
    lastStep: () => lastStep,
    noteProgress({ state, step, lastStepAtMs, progress, history }) {
      if (lastStepAtMs !== undefined) lastStep = Math.max(lastStep ?? 0, step);
      document = {
        ...document,
        // A rank that still finishes its step does not take back that it was told to stop.
        state: document.state === 'Stopping' || document.state === 'Finished' ? document.state : state,
        ...(lastStepAtMs === undefined ? {} : { lastStepAtMs }),
        ...(progress === undefined ? {} : { progress }),
        ...(history === undefined ? {} : { history: [...history] }),
      };
    },
    noteStart(start) {
      document = { ...document, start };
    },
    noteCheckpoint(checkpoint) {
      document = { ...document, checkpoint };
    },
    noteStopping() {
      document = { ...document, state: 'Stopping' };
    },
    noteFinished(result) {
      document = { ...document, state: 'Finished', ...(result === undefined ? {} : { result }) };
    },
  };
}
