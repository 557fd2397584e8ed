import type { Storage } from '../storage/storage.ts';
import { manifestFile, stepsOf } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { Fenced } from './fenced.ts';
import { readManifest, type Checkpoint } from './manifest.ts';

/**
 * The checkpoints that this run wrote, newest first, unverified. Folders without a readable manifest, and
 * copies of other runs' checkpoints, are not among them.
 */
export async function listOwnCheckpoints(storage: Storage, prefix: string): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for (const { folder, step, files } of stepsOf(prefix, await storage.list(prefix))) {
    if (!files.has(manifestFile)) continue;
    try {
      const manifest = await readManifest(storage, folder);
      if (manifest.prefix === prefix && manifest.step === step) {
        checkpoints.push({ uri: `${storage.uri}/${folder}`, folder, manifest });
      }
    } catch (error) {
      if (!(error instanceof CorruptCheckpoint)) throw error;
    }
  }
  return checkpoints;
}

/**
 * Returns if this attempt is the newest that saved anything.
 * @throws Fenced if it is not
 */
export function requireNewestAttempt(checkpoints: readonly Checkpoint[], attempt: number): void {
  const newer = checkpoints.find(({ manifest }) => manifest.attempt > attempt);
  if (newer !== undefined) {
    throw new Fenced(
      `attempt ${attempt} may not touch checkpoints any more: attempt ${newer.manifest.attempt} saved ${newer.uri}`,
    );
  }
}
