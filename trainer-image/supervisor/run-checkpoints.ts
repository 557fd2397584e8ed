import { rm } from 'node:fs/promises';
import type { Assignment } from '../../operator/api/trainer/environment.ts';
import type { AttemptStart } from '../../operator/api/trainer/progress.ts';
import { mostSkippedNamed, type CheckpointStatus } from '../../operator/api/v1alpha1/status.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { applyRetention } from '../checkpoint/apply-retention.ts';
import { beginAttempt } from '../checkpoint/begin-attempt.ts';
import { runPrefix } from '../checkpoint/checkpoint-layout.ts';
import { commitCheckpoint } from '../checkpoint/commit-checkpoint.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import type { NewestCheckpoint } from '../checkpoint/find-newest-checkpoint.ts';
import type { Checkpoint, Manifest } from '../checkpoint/manifest.ts';
import { verifyCheckpoint } from '../checkpoint/verify-checkpoint.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import type { RankSnapshot } from '../train/rank-protocol.ts';

/** Where training begins or continues. */
export interface StartingPoint {
  /** What the operator is told of it. */
  readonly start: AttemptStart;
  /** Folder of a verified checkpoint; absent at the beginning. */
  readonly uri?: string;
  /** What to say of it, if it is one of this run's own. */
  readonly checkpoint?: CheckpointStatus;
}

/** The checkpoints of one run in its storage, as pod 0 sees them. */
export interface RunCheckpoints {
  /**
   * The newest of the run's own that verifies; else the one that the spec names; else the beginning.
   * From then on no earlier attempt can commit any more, and no later step that one stores counts.
   * @throws CorruptCheckpoint if the one that the spec names does not verify
   * @throws Fenced if a newer attempt has begun or saved a checkpoint
   */
  findStart(): Promise<StartingPoint>;
  /** Makes a snapshot a checkpoint, removes those that need not be kept, and frees the snapshot's folder. */
  commit(snapshot: RankSnapshot): Promise<CheckpointStatus>;
}

export function openRunCheckpoints(
  assignment: Assignment,
  access: StorageAccess,
  log: Logger,
): RunCheckpoints {
  const { spec, attempt } = assignment;
  const prefix = runPrefix(assignment);
  const storage = openStorage(spec.checkpoints.uri, access);

  /** Returns the best that is kept. What cannot be removed now is removed next time. */
  async function retain(): Promise<Checkpoint | undefined> {
    try {
      const { best, removed } = await applyRetention(storage, prefix, spec.checkpoints.keep, { attempt });
      if (removed.length > 0) log.debug({ removed }, 'checkpoints were removed');
      return best;
    } catch (error) {
      if (error instanceof Fenced) throw error;
      log.warn({ err: error }, 'checkpoints that need not be kept could not be removed');
      return undefined;
    }
  }

  return {
    async findStart() {
      const { newest, skipped } = await beginAttempt(storage, prefix, attempt);
      for (const { uri, why } of skipped) log.warn({ uri, why }, 'a checkpoint is skipped');
      if (newest !== undefined) {
        const start = startOf(newest.manifest, skipped);
        return { start, uri: newest.uri, checkpoint: toStatus(newest, await retain()) };
      }
      const { resumeFrom } = spec;
      if (resumeFrom === undefined) return { start: startOf(undefined, skipped) };
      const manifest = await verifyCheckpoint(openStorage(resumeFrom, access), '');
      return { start: startOf(manifest, skipped), uri: resumeFrom };
    },
    async commit({ folder }) {
      const checkpoint = await commitCheckpoint(storage, prefix, folder, { attempt });
      const best = await retain();
      await rm(folder, { recursive: true });
      return toStatus(checkpoint, best);
    },
  };
}

function startOf(manifest: Manifest | undefined, skipped: NewestCheckpoint['skipped']): AttemptStart {
  return {
    ...(manifest === undefined ? {} : { fromStep: manifest.step }),
    skipped: skipped.slice(0, mostSkippedNamed).map(({ uri, why }) => ({ uri, why: why.slice(0, 1024) })),
  };
}

function toStatus({ uri, manifest }: Checkpoint, best: Checkpoint | undefined): CheckpointStatus {
  const { step, epoch, savedAt } = manifest;
  return { step, epoch, uri, savedAt, ...(best === undefined ? {} : { bestUri: best.uri }) };
}
