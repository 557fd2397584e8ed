import type { Storage } from '../storage/storage.ts';
import { announceAttempt, claimAttempt } from './attempt-claims.ts';
import { listOwnCheckpoints, requireNewestAttempt } from './fencing.ts';
import { findNewestCheckpoint, type NewestCheckpoint } from './find-newest-checkpoint.ts';

/**
 * Finds the checkpoint that an attempt continues from, also while an earlier attempt that nobody could stop still saves
 * and removes checkpoints. From then on no earlier attempt can commit any more, and no later step that one stores
 * counts.
 * @param prefix key of the run, from `runPrefix`
 * @throws Fenced if a newer attempt has begun or saved a checkpoint
 * @throws StorageError if storage fails
 */
export async function beginAttempt(
  storage: Storage,
  prefix: string,
  attempt: number,
): Promise<NewestCheckpoint> {
  requireNewestAttempt(await listOwnCheckpoints(storage, prefix), attempt);
  await announceAttempt(storage, prefix, attempt);
  const found = await findNewestCheckpoint(storage, prefix);
  await claimAttempt(storage, prefix, { attempt, fromStep: found.newest?.manifest.step ?? -1 });
  return found;
}
