import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { joinKey, type Storage, type StoredObject } from '../storage/storage.ts';
import { claimsOf, overtakenBy } from './attempt-claims.ts';
import { manifestFile, stepsOf, type StepListing } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { readUnlessRemoved } from './read-unless-removed.ts';

/** A step folder as it is found, unverified. */
export interface CatalogEntry {
  /** Location of the folder. */
  readonly uri: string;
  readonly step: number;
  /** Bytes of everything in the folder. */
  readonly sizeBytes: number;
  /** Absent where {@link problem} says why. */
  readonly manifest?: Manifest;
  /** Why it is no checkpoint, or none that counts. */
  readonly problem?: string;
}

/** Where the entries of a catalog are. */
export interface Catalog {
  readonly storage: Storage;
  /** Grouped by run, newest first within each. */
  readonly entries: readonly (CatalogEntry & { readonly folder: string })[];
}

/**
 * Everything that looks like a checkpoint at or below a location: a step folder, the folder of a run, or a whole tree
 * of runs.
 * @throws StorageError if the storage fails
 */
export async function openCatalog(uri: string, access: StorageAccess): Promise<Catalog> {
  const [, parent, step] = /^(.*)\/(step-[0-9]{12})\/*$/.exec(uri) ?? [];
  const storage = openStorage(parent ?? uri, access);
  const objects = await storage.list('');
  const entries: (CatalogEntry & { folder: string })[] = [];
  for (const prefix of runPrefixes(objects)) {
    const claims = claimsOf(prefix, objects);
    for (const listing of stepsOf(prefix, objectsBelow(prefix, objects))) {
      if (step !== undefined && listing.folder !== step) continue;
      const found = await readUnlessRemoved(() => describeStep(storage, listing));
      if (found === undefined) continue;
      const { manifest } = found;
      // A copy made elsewhere is not measured by claims of another run.
      const isOwn = manifest !== undefined && `${storage.uri}/${prefix}`.endsWith(manifest.prefix);
      const claim = isOwn ? overtakenBy(manifest, claims) : undefined;
      entries.push({
        uri: `${storage.uri}/${listing.folder}`,
        folder: listing.folder,
        step: listing.step,
        sizeBytes: [...listing.files.values()].reduce((total, file) => total + file.sizeBytes, 0),
        ...found,
        ...(claim === undefined
          ? {}
          : { problem: `stored after attempt ${claim.attempt} had begun; it does not count` }),
      });
    }
  }
  return { storage, entries };
}

async function describeStep(
  storage: Storage,
  { folder, files }: StepListing,
): Promise<Pick<CatalogEntry, 'manifest' | 'problem'>> {
  if (!files.has(manifestFile)) return { problem: 'never finished' };
  try {
    return { manifest: await readManifest(storage, folder) };
  } catch (error) {
    if (error instanceof CorruptCheckpoint) return { problem: error.message };
    throw error;
  }
}

/** Keys below which step folders lie, sorted. */
function runPrefixes(objects: readonly StoredObject[]): string[] {
  const prefixes = new Set<string>();
  for (const { key } of objects) {
    const found = /^(?<prefix>.+\/)?step-[0-9]{12}\/[^/]+$/.exec(key);
    if (found !== null) prefixes.add((found.groups?.prefix ?? '').replace(/\/$/, ''));
  }
  return [...prefixes].sort();
}

function objectsBelow(prefix: string, objects: readonly StoredObject[]): StoredObject[] {
  return prefix === '' ? [...objects] : objects.filter(({ key }) => key.startsWith(joinKey(prefix, '')));
}
