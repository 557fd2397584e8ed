import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Checkpoints } from '../../operator/api/v1alpha1/checkpoints.ts';
import { describeError, RingmasterError } from '../../operator/base/errors.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { openStorage } from '../storage/open-storage.ts';
import { joinKey } from '../storage/storage.ts';
import { applyRetention } from './apply-retention.ts';
import { openCatalog, type Catalog } from './checkpoint-catalog.ts';
import { manifestFile, snapshotFiles } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { exportModel, type ExportedPart } from './export-model.ts';
import { listOwnCheckpoints } from './fencing.ts';
import { readState, readWeights } from './read-checkpoint.ts';
import type { TrainingState } from './training-state.ts';
import { requireManifest, verifyCheckpoint } from './verify-checkpoint.ts';

/** One checkpoint in a list. */
export interface CheckpointSummary {
  readonly uri: string;
  readonly step: number;
  readonly sizeBytes: number;
  /** Key of the run that wrote it: `<namespace>/<run>/<uid>`. */
  readonly run?: string;
  readonly epoch?: number;
  readonly attempt?: number;
  readonly top1?: number;
  readonly savedAt?: string;
  /** Why it is none; absent for a good one, as far as was looked. */
  readonly problem?: string;
}

/** The location does not name what an action needs. */
class NoSuchCheckpoint extends RingmasterError {
  constructor(message: string) {
    super('IncompatibleCheckpoint', message);
  }
}

/** What is at or below a location, by manifest alone. */
export async function listCheckpoints(uri: string, access: StorageAccess): Promise<CheckpointSummary[]> {
  return (await openCatalog(uri, access)).entries.map(summaryOf);
}

/** As {@link listCheckpoints}, with every byte of every checkpoint compared with its manifest. */
export async function verifyCheckpoints(uri: string, access: StorageAccess): Promise<CheckpointSummary[]> {
  const { storage, entries } = await openCatalog(uri, access);
  const summaries: CheckpointSummary[] = [];
  for (const entry of entries) {
    let { problem } = entry;
    if (problem === undefined) {
      try {
        await readState(storage, entry.folder, await verifyCheckpoint(storage, entry.folder));
      } catch (error) {
        if (!(error instanceof CorruptCheckpoint)) throw error;
        problem = describeError(error);
      }
    }
    summaries.push({ ...summaryOf(entry), ...(problem === undefined ? {} : { problem }) });
  }
  return summaries;
}

/** The checkpoint that a location names, or the newest of the one run below it, with its state. */
export async function showCheckpoint(
  uri: string,
  access: StorageAccess,
): Promise<CheckpointSummary & { readonly files: Record<string, number>; readonly state: TrainingState }> {
  const { storage, entry } = await chooseCheckpoint(uri, access);
  const manifest = await requireManifest(storage, entry.folder);
  const files = Object.entries(manifest.files).map(([name, { sizeBytes }]) => [name, sizeBytes] as const);
  return {
    ...summaryOf(entry),
    files: Object.fromEntries(files),
    state: await readState(storage, entry.folder, manifest),
  };
}

/**
 * Removes what a run need not keep, as its trainer does after each checkpoint. Not for a run that is being trained: an
 * upload under way would be ended, and tried again.
 * @returns locations of what is left and what is not
 */
export async function pruneCheckpoints(
  uri: string,
  access: StorageAccess,
  keep: Checkpoints['keep'],
): Promise<{ readonly kept: readonly string[]; readonly removed: readonly string[] }> {
  const catalog = await openCatalog(uri, access);
  const prefix = onlyRunOf(catalog, uri);
  const folder = catalog.entries[0]?.uri.replace(/\/step-[0-9]{12}$/, '') ?? uri;
  if (!folder.endsWith(`/${prefix}`)) {
    throw new NoSuchCheckpoint(`${folder} is a copy of what ${prefix} wrote; remove it by hand`);
  }
  const storage = openStorage(folder.slice(0, -prefix.length - 1), access);
  const { checkpoints, claims } = await listOwnCheckpoints(storage, prefix);
  const attempts = [
    ...checkpoints.map(({ manifest }) => manifest.attempt),
    ...claims.map((each) => each.attempt),
  ];
  const { kept, removed } = await applyRetention(storage, prefix, keep, {
    attempt: Math.max(1, ...attempts),
  });
  return { kept: kept.map((checkpoint) => checkpoint.uri), removed };
}

/** Copies a checkpoint, verified, into a new folder below `target`, from which training can continue. */
export async function downloadCheckpoint(
  uri: string,
  access: StorageAccess,
  target: string,
): Promise<{ readonly uri: string; readonly folder: string }> {
  const { storage, entry } = await chooseCheckpoint(uri, access);
  const folder = path.join(path.resolve(target), path.posix.basename(entry.uri));
  const partial = `${folder}.partial`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    for (const name of [...snapshotFiles, manifestFile]) {
      await storage.download(joinKey(entry.folder, name), path.join(partial, name));
    }
    await verifyCheckpoint(openStorage(partial), '');
    await rename(partial, folder);
    return { uri: entry.uri, folder };
  } catch (error) {
    throw error instanceof RingmasterError ? error : toStorageError(`write ${folder}`, error);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Writes the weights of a checkpoint, or those of its backbone, as one safetensors file for torchvision or timm. */
export async function exportCheckpoint(
  uri: string,
  access: StorageAccess,
  target: string,
  part: ExportedPart,
): Promise<{ readonly uri: string; readonly file: string; readonly sizeBytes: number }> {
  const { storage, entry } = await chooseCheckpoint(uri, access);
  const { tensors, state } = await readWeights(storage, entry.folder);
  const pieces = exportModel(tensors, state, part);
  const file = path.resolve(target);
  const partial = `${file}.partial`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(partial, pieces);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw toStorageError(`write ${file}`, error);
  }
  return { uri: entry.uri, file, sizeBytes: pieces.reduce((total, { length }) => total + length, 0) };
}

/** A step folder, or the newest whose manifest can be read of the one run at a location. */
async function chooseCheckpoint(uri: string, access: StorageAccess) {
  const catalog = await openCatalog(uri, access);
  onlyRunOf(catalog, uri);
  const entry = catalog.entries.find(({ problem }) => problem === undefined);
  if (entry !== undefined) return { storage: catalog.storage, entry };
  const [first] = catalog.entries;
  throw new NoSuchCheckpoint(
    `no checkpoint at ${uri} can be used: ${first?.uri ?? uri} ${first?.problem ?? ''}`,
  );
}

/** Key of the run whose checkpoints a catalog holds, if it holds those of one. */
function onlyRunOf({ entries }: Catalog, uri: string): string {
  const runs = new Set(entries.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest.prefix])));
  const [run] = runs;
  if (run === undefined) throw new NoSuchCheckpoint(`there is no checkpoint at ${uri}`);
  if (runs.size > 1) {
    throw new NoSuchCheckpoint(
      `there are checkpoints of ${runs.size} runs at ${uri}; name one: ${[...runs].join(', ')}`,
    );
  }
  return run;
}

function summaryOf({
  uri,
  step,
  sizeBytes,
  manifest,
  problem,
}: Catalog['entries'][number]): CheckpointSummary {
  return {
    uri,
    step,
    sizeBytes,
    ...(manifest === undefined
      ? {}
      : {
          run: manifest.prefix,
          epoch: manifest.epoch,
          attempt: manifest.attempt,
          savedAt: manifest.savedAt,
          ...(manifest.top1 === undefined ? {} : { top1: manifest.top1 }),
        }),
    ...(problem === undefined ? {} : { problem }),
  };
}
