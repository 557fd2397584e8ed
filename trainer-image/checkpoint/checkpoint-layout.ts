import { joinKey, type StoredObject } from '../storage/storage.ts';

/*
 * Where everything lies: <namespace>/<run>/<uid>/step-<n>/ and in it the files below. The UID keeps a run
 * that was deleted and made again under its name from taking the other's checkpoints for its own.
 */

export const modelFile = 'model.safetensors';
export const optimizerFile = 'optimizer.safetensors';
export const stateFile = 'state.json';
/** The files that a snapshot consists of, in the order in which they are stored. */
export const snapshotFiles = [stateFile, modelFile, optimizerFile] as const;
/** Stored last: without it there is no checkpoint. */
export const manifestFile = 'manifest.json';
/** Stored first and removed last: says who is making or removing the files beside it. */
export const unfinishedFile = 'unfinished.json';

/**
 * Digits of a step's number, so that names sort like numbers: the API allows 10^9 steps between two
 * checkpoints.
 */
const stepDigits = 12;

/** The key under which a run has its checkpoints. */
export function runPrefix(run: { namespace: string; run: string; runUid: string }): string {
  return `${run.namespace}/${run.run}/${run.runUid}`;
}

/** The key of a step's folder. */
export function stepFolder(prefix: string, step: number): string {
  return joinKey(prefix, `step-${String(step).padStart(stepDigits, '0')}`);
}

/** A step's folder and the names of what lies in it. */
export interface StepListing {
  readonly step: number;
  readonly folder: string;
  readonly files: ReadonlyMap<string, StoredObject>;
}

/** The step folders among the objects under a prefix, newest first. Anything of another name is not ours. */
export function stepsOf(prefix: string, objects: readonly StoredObject[]): StepListing[] {
  const listings = new Map<number, { step: number; folder: string; files: Map<string, StoredObject> }>();
  for (const object of objects) {
    const [, digits, name] =
      /^step-([0-9]{12})\/([^/]+)$/.exec(object.key.slice(prefix === '' ? 0 : prefix.length + 1)) ?? [];
    if (digits === undefined || name === undefined) continue;
    const step = Number(digits);
    const listing = listings.get(step) ?? { step, folder: stepFolder(prefix, step), files: new Map() };
    listings.set(step, listing);
    listing.files.set(name, object);
  }
  return [...listings.values()].sort((a, b) => b.step - a.step);
}
