import type { Storage } from '../storage/storage.ts';
import { claimsOf, overtakenBy, type Claim } from './attempt-claims.ts';
import { manifestFile, stepsOf } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { Fenced } from './fenced.ts';
import { readManifest, type Checkpoint } from './manifest.ts';
import { readUnlessRemoved } from './read-unless-removed.ts';

/** What a run has in its storage, unverified. */
export interface OwnCheckpoints {
  /** Newest first. */
  readonly checkpoints: readonly Checkpoint[];
  /** Those that an attempt stored after a newer one had begun: they count for nothing. */
  readonly overtaken: readonly Checkpoint[];
  readonly claims: readonly Claim[];
}

/**
 * The checkpoints that this run wrote. Folders without a readable manifest, and copies of other runs' checkpoints, are
 * not among them.
 */
export async function listOwnCheckpoints(storage: Storage, prefix: string): Promise<OwnCheckpoints> {
  const objects = await storage.list(prefix);
  const claims = claimsOf(prefix, objects);
  const checkpoints: Checkpoint[] = [];
  const overtaken: Checkpoint[] = [];
  for (const { folder, step, files } of stepsOf(prefix, objects)) {
    if (!files.has(manifestFile)) continue;
    try {
      const manifest = await readUnlessRemoved(() => readManifest(storage, folder));
      if (manifest === undefined) continue;
      if (manifest.prefix !== prefix || manifest.step !== step) continue;
      const list = overtakenBy(manifest, claims) === undefined ? checkpoints : overtaken;
      list.push({ uri: `${storage.uri}/${folder}`, folder, manifest });
    } catch (error) {
      if (!(error instanceof CorruptCheckpoint)) throw error;
    }
  }
  return { checkpoints, overtaken, claims };
}

/**
 * Returns if this attempt is the newest that began or saved anything.
 * @throws Fenced if it is not
 */
export function requireNewestAttempt(
  { checkpoints, claims }: Pick<OwnCheckpoints, 'checkpoints' | 'claims'>,
  attempt: number,
): void {
  const newer = checkpoints.find(({ manifest }) => manifest.attempt > attempt);
  if (newer !== undefined) {
    throw new Fenced(
      `attempt ${attempt} may not touch checkpoints any more: attempt ${newer.manifest.attempt} saved ${newer.uri}`,
    );
  }
  const claim = claims.find((other) => other.attempt > attempt);
  if (claim !== undefined) {
    throw new Fenced(
      `attempt ${attempt} may not touch checkpoints any more: attempt ${claim.attempt} has begun`,
    );
  }
}
