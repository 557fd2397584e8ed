import type { Storage } from '../storage/storage.ts';
import { claimsOf, overtakenBy } from './attempt-claims.ts';
import { manifestFile, stepsOf } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { readManifest, type Checkpoint } from './manifest.ts';
import { readState } from './read-checkpoint.ts';
import { readUnlessRemoved } from './read-unless-removed.ts';
import type { TrainingState } from './training-state.ts';
import { verifyCheckpoint } from './verify-checkpoint.ts';

/** The newest checkpoint that is whole, and what was newer but is not. */
export interface NewestCheckpoint {
  readonly newest?: Checkpoint & { readonly state: TrainingState };
  readonly skipped: readonly { readonly uri: string; readonly why: string }[];
}

/**
 * Looks for the checkpoint of a run to continue from. Every byte of the one it finds has been verified.
 * @param prefix key of the run, from `runPrefix`
 * @throws StorageError if storage fails: that an unreachable store holds nothing would be a costly guess
 */
export async function findNewestCheckpoint(storage: Storage, prefix: string): Promise<NewestCheckpoint> {
  const skipped: { uri: string; why: string }[] = [];
  const objects = await storage.list(prefix);
  const claims = claimsOf(prefix, objects);
  for (const { folder, files } of stepsOf(prefix, objects)) {
    const uri = `${storage.uri}/${folder}`;
    if (!files.has(manifestFile)) {
      skipped.push({ uri, why: `it has no ${manifestFile}, so it was never finished` });
      continue;
    }
    try {
      const listed = await readUnlessRemoved(() => readManifest(storage, folder));
      if (listed === undefined) continue;
      const { attempt, step, prefix: writtenUnder } = listed;
      const claim = writtenUnder === prefix ? overtakenBy({ attempt, step }, claims) : undefined;
      if (claim !== undefined) {
        skipped.push({ uri, why: `attempt ${attempt} stored it after attempt ${claim.attempt} had begun` });
        continue;
      }
      const manifest = await verifyCheckpoint(storage, folder);
      const state = await readState(storage, folder, manifest);
      return { newest: { uri, folder, manifest, state }, skipped };
    } catch (error) {
      if (!(error instanceof CorruptCheckpoint)) throw error;
      skipped.push({ uri, why: error.message });
    }
  }
  return { skipped };
}
