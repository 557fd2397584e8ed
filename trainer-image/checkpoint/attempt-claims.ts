import { joinKey, type Storage, type StoredObject } from '../storage/storage.ts';
import type { Manifest } from './manifest.ts';

/*
 * No store changes two objects at once, so a writer that was checked, then held up, may store its manifest long after
 * a newer attempt began: a partition that heals is enough. What keeps such a checkpoint from counting is the reader:
 * every attempt first stores a claim that says where it begins, and what an earlier attempt stored of later steps is
 * not a checkpoint of the run, whenever it arrived. The claim is the name of its object, so that listing is reading.
 *
 * An earlier attempt that is still alive removes old checkpoints too. Announced before anything is looked for, the new
 * attempt stops that: a removal that was checked before keeps the newest checkpoint that was there, so the newest that
 * is found afterwards stays.
 */

/** An attempt and the checkpoint that it continues. */
export interface Claim {
  readonly attempt: number;
  /** Step of the run's own checkpoint that it began from; -1 if it began from none, Infinity while it still looks. */
  readonly fromStep: number;
}

const claimPattern = /^attempts\/attempt-([0-9]{6,})(-from-(?:step-([0-9]{12})|nothing))?\.json$/;

/** Keeps earlier attempts from committing or removing anything more, before the new one looks for its start. */
export async function announceAttempt(storage: Storage, prefix: string, attempt: number): Promise<void> {
  await putClaim(storage, prefix, { attempt }, '');
}

/** Stores the claim of an attempt, before which it may not commit. */
export async function claimAttempt(storage: Storage, prefix: string, claim: Claim): Promise<void> {
  const from = claim.fromStep < 0 ? 'nothing' : `step-${String(claim.fromStep).padStart(12, '0')}`;
  await putClaim(storage, prefix, claim, `-from-${from}`);
}

async function putClaim(
  storage: Storage,
  prefix: string,
  claim: Pick<Claim, 'attempt'>,
  from: string,
): Promise<void> {
  const key = joinKey(prefix, `attempts/attempt-${String(claim.attempt).padStart(6, '0')}${from}.json`);
  await storage.put(key, { bytes: Buffer.from(`${JSON.stringify({ prefix, ...claim })}\n`) });
}

/** The claims among the objects under a prefix. */
export function claimsOf(prefix: string, objects: readonly StoredObject[]): Claim[] {
  const claims: Claim[] = [];
  for (const { key } of objects) {
    const [, attempt, from, step] = claimPattern.exec(key.slice(prefix === '' ? 0 : prefix.length + 1)) ?? [];
    if (attempt === undefined) continue;
    const fromStep = from === undefined ? Infinity : step === undefined ? -1 : Number(step);
    claims.push({ attempt: Number(attempt), fromStep });
  }
  return claims;
}

/** The claim of a newer attempt that began before what this manifest describes was there; none if it counts. */
export function overtakenBy(
  { attempt, step }: Pick<Manifest, 'attempt' | 'step'>,
  claims: readonly Claim[],
): Claim | undefined {
  return claims.find((claim) => claim.attempt > attempt && claim.fromStep < step);
}
