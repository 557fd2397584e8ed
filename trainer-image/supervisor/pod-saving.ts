import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { RankSnapshot } from '../train/rank-protocol.ts';
import { toFailure } from '../train/failure.ts';
import { createCheckpointCommitter } from './checkpoint-committer.ts';
import type { TrainerMetrics } from './metrics.ts';
import type { ProgressBoard } from './progress-board.ts';
import type { Verdict } from './root-cause.ts';
import type { RunCheckpoints } from './run-checkpoints.ts';

/** Saving as the rest of a pod sees it: snapshots go in, checkpoints show on the board. */
export interface PodSaving {
  /** Chooses the checkpoint to continue from, shows it on the board and returns its folder. */
  findStart(): Promise<string | undefined>;
  /** Makes a snapshot a checkpoint in the background, then calls `done`. */
  save(snapshot: RankSnapshot, done: () => void): void;
  /** Resolves when nothing is being saved. */
  idle(): Promise<void>;
  /** Resolves when a snapshot could not be saved for good; otherwise never. */
  readonly failed: Promise<{ readonly how: 'failed'; readonly verdict: Verdict }>;
}

export interface PodSavingParts {
  readonly checkpoints: RunCheckpoints;
  readonly board: ProgressBoard;
  readonly metrics: TrainerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createPodSaving({ checkpoints, board, metrics, clock, log }: PodSavingParts): PodSaving {
  const failed = Promise.withResolvers<{ how: 'failed'; verdict: Verdict }>();
  const committer = createCheckpointCommitter({
    commit: async (snapshot) => {
      const beganAtMs = clock.monotonicMs();
      const sizeBytes = await sizeOf(snapshot.folder);
      const checkpoint = await checkpoints.commit(snapshot);
      const durationSeconds = (clock.monotonicMs() - beganAtMs) / 1000;
      board.noteCheckpoint(checkpoint);
      metrics.noteCheckpoint({ durationSeconds, sizeBytes, savedAtMs: clock.now() });
      log.info({ step: snapshot.step, uri: checkpoint.uri }, 'a checkpoint is saved');
    },
    onFailedTry: () => {
      metrics.noteCheckpointFailure();
    },
    clock,
    log,
  });

  return {
    failed: failed.promise,
    idle: () => committer.idle(),
    async findStart() {
      const { uri, checkpoint, start } = await checkpoints.findStart();
      board.noteStart(start);
      if (checkpoint !== undefined) board.noteCheckpoint(checkpoint);
      return uri;
    },
    save(snapshot, done) {
      metrics.noteCheckpointStall(snapshot.stallSeconds);
      committer.commit(snapshot).then(done, (error: unknown) => {
        failed.resolve({ how: 'failed', verdict: toFailure(error, board.lastStep()) });
      });
    },
  };
}

/** Bytes of the files in a folder. */
async function sizeOf(folder: string): Promise<number> {
  const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}
