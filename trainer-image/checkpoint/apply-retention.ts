import type { Checkpoints } from '../../operator/api/v1alpha1/checkpoints.ts';
import { joinKey, type Storage } from '../storage/storage.ts';
import { manifestFile, snapshotFiles, stepsOf, unfinishedFile } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { listOwnCheckpoints, requireNewestAttempt } from './fencing.ts';
import { findNewestCheckpoint } from './find-newest-checkpoint.ts';
import { readUnfinished, type Checkpoint, type Unfinished } from './manifest.ts';
import { readUnlessRemoved } from './read-unless-removed.ts';

/** What is left, and what is not. */
export interface Retention {
  /** Newest first. */
  readonly kept: readonly Checkpoint[];
  /** The one of the best validation top-1 among those kept, if any was evaluated. */
  readonly best?: Checkpoint;
  /** Locations of step folders that were emptied. */
  readonly removed: readonly string[];
}

/**
 * Removes the checkpoints that a run need not keep, and what interrupted commits and removals left.
 *
 * Kept are the `last` newest, the best if asked for, and in any case the newest that verifies. Files are
 * removed only where a manifest or a mark of an unfinished commit says that this run wrote them. Must not run
 * while a commit does.
 * @throws Fenced if a newer attempt has saved a checkpoint
 * @throws StorageError if storage fails; what was not removed then is removed next time
 */
export async function applyRetention(
  storage: Storage,
  prefix: string,
  keep: Checkpoints['keep'],
  { attempt }: { readonly attempt: number },
): Promise<Retention> {
  const listing = await listOwnCheckpoints(storage, prefix);
  requireNewestAttempt(listing, attempt);
  const own = listing.checkpoints;
  const kept = new Set(own.slice(0, keep.last));
  const best = bestOf(own);
  if (keep.best && best !== undefined) kept.add(best);
  const surplus = own.filter((checkpoint) => !kept.has(checkpoint));

  const removed: string[] = [];
  for (const checkpoint of listing.overtaken) {
    await removeStep(storage, checkpoint.folder, { prefix, attempt });
    removed.push(checkpoint.uri);
  }
  if (surplus.length > 0) {
    // Hashing is worth its time here: the newest may have been damaged since it was written.
    const { newest } = await findNewestCheckpoint(storage, prefix);
    for (const checkpoint of surplus) {
      if (newest === undefined || checkpoint.folder === newest.folder) kept.add(checkpoint);
      else {
        await removeStep(storage, checkpoint.folder, { prefix, attempt });
        removed.push(checkpoint.uri);
      }
    }
  }
  removed.push(
    ...(await removeLeftovers(storage, prefix, { attempt, newestStep: own[0]?.manifest.step ?? -1 })),
  );
  const remaining = own.filter((checkpoint) => kept.has(checkpoint));
  const bestKept = bestOf(remaining);
  return { kept: remaining, ...(bestKept === undefined ? {} : { best: bestKept }), removed };
}

/** The checkpoint of the highest top-1; the newer of two equal ones. */
function bestOf(newestFirst: readonly Checkpoint[]): Checkpoint | undefined {
  return newestFirst.reduce<Checkpoint | undefined>((best, checkpoint) => {
    const { top1 } = checkpoint.manifest;
    return top1 !== undefined && top1 > (best?.manifest.top1 ?? -1) ? checkpoint : best;
  }, undefined);
}

/** The manifest goes first, so that a reader never takes half a checkpoint for one; the mark goes last. */
async function removeStep(storage: Storage, folder: string, mark: Unfinished): Promise<void> {
  await storage.put(joinKey(folder, unfinishedFile), { bytes: Buffer.from(`${JSON.stringify(mark)}\n`) });
  for (const name of [manifestFile, ...snapshotFiles, unfinishedFile]) {
    await storage.delete(joinKey(folder, name));
  }
}

/**
 * Cleans up after crashes: step folders that bear this run's mark and no manifest, and will not get one any
 * more because an earlier attempt, or a commit before the newest, was making them.
 */
async function removeLeftovers(
  storage: Storage,
  prefix: string,
  { attempt, newestStep }: { attempt: number; newestStep: number },
): Promise<string[]> {
  const removed: string[] = [];
  for (const { folder, step, files } of stepsOf(prefix, await storage.list(prefix))) {
    if (!files.has(unfinishedFile)) continue;
    const mark = await markOf(storage, folder);
    if (mark?.prefix !== prefix || mark.attempt > attempt) continue;
    if (files.has(manifestFile)) {
      await storage.delete(joinKey(folder, unfinishedFile));
    } else if (mark.attempt < attempt || step < newestStep) {
      await removeStep(storage, folder, mark);
      removed.push(`${storage.uri}/${folder}`);
    }
  }
  await storage.deletePartials(prefix);
  return removed;
}

async function markOf(storage: Storage, folder: string): Promise<Unfinished | undefined> {
  try {
    return await readUnlessRemoved(() => readUnfinished(storage, folder));
  } catch (error) {
    if (error instanceof CorruptCheckpoint) return undefined; // It is not ours.
    throw error;
  }
}
