import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { toStorageError } from '../storage/storage-error.ts';
import { joinKey, type Storage } from '../storage/storage.ts';
import { manifestFile, snapshotFiles, stateFile, stepFolder, unfinishedFile } from './checkpoint-layout.ts';
import { Fenced } from './fenced.ts';
import { listOwnCheckpoints, requireNewestAttempt } from './fencing.ts';
import { parseJson, type Checkpoint, type Manifest, type Unfinished } from './manifest.ts';
import { TrainingState } from './training-state.ts';

/**
 * How often a commit that finds a manifest of an earlier attempt in its place begins again. Such an attempt can be
 * there once, with what it was storing when the newer one began.
 */
const mostRaces = 3;

/**
 * Stores a snapshot so that it is a checkpoint afterwards, or, whatever happens meanwhile, none: the
 * manifest, which makes it one, comes last. A checkpoint of the same step that an earlier attempt left, or
 * stores meanwhile, is replaced.
 * @param prefix key of the run, from `runPrefix`
 * @param folder local folder with the files of `writeSnapshot`; it is left as it is
 * @throws Fenced if a newer attempt has saved a checkpoint
 * @throws StorageError if anything could not be written
 */
export async function commitCheckpoint(
  storage: Storage,
  prefix: string,
  folder: string,
  { attempt }: { readonly attempt: number },
): Promise<Checkpoint> {
  const manifest = await describeSnapshot(prefix, folder, attempt);
  const target = stepFolder(prefix, manifest.step);
  const checkpoint = { uri: `${storage.uri}/${target}`, folder: target, manifest };
  for (let race = 1; race <= mostRaces; race += 1) {
    const present = await listOwnCheckpoints(storage, prefix);
    requireNewestAttempt(present, attempt);
    // A try before this one may have stored everything and failed after that.
    const isThere = present.checkpoints.some((other) => isDeepStrictEqual(other.manifest, manifest));
    if (isThere || (await store({ storage, prefix, folder, target, manifest, attempt }))) {
      await storage.delete(joinKey(target, unfinishedFile));
      return checkpoint;
    }
  }
  throw new Fenced(`attempt ${attempt} lost the race for ${checkpoint.uri} ${mostRaces} times`);
}

interface Commit {
  readonly storage: Storage;
  readonly prefix: string;
  readonly folder: string;
  readonly target: string;
  readonly manifest: Manifest;
  readonly attempt: number;
}

/** Returns false if another attempt has put a manifest there meanwhile, and perhaps files over ours. */
async function store({ storage, prefix, folder, target, manifest, attempt }: Commit): Promise<boolean> {
  await storage.put(joinKey(target, unfinishedFile), toJson({ prefix, attempt } satisfies Unfinished));
  await storage.delete(joinKey(target, manifestFile));
  for (const name of snapshotFiles) {
    await storage.put(joinKey(target, name), { file: path.join(folder, name) });
  }
  requireNewestAttempt(await listOwnCheckpoints(storage, prefix), attempt);
  const outcome = await storage.put(joinKey(target, manifestFile), toJson(manifest), { ifAbsent: true });
  return outcome === 'written';
}

async function describeSnapshot(prefix: string, folder: string, attempt: number): Promise<Manifest> {
  try {
    const stateName = path.join(folder, stateFile);
    const { step, epoch, savedAt, top1 } = parseJson(await readFile(stateName), stateName, TrainingState);
    const files: Manifest['files'] = {};
    for (const name of snapshotFiles) files[name] = await digestOf(path.join(folder, name));
    return {
      version: 1,
      prefix,
      step,
      epoch,
      attempt,
      savedAt,
      ...(top1 === undefined ? {} : { top1 }),
      files,
    };
  } catch (error) {
    throw toStorageError(`read the snapshot in ${folder}`, error);
  }
}

async function digestOf(file: string): Promise<Manifest['files'][string]> {
  const hash = createHash('sha256');
  const stream = createReadStream(file, { highWaterMark: 2 ** 20 });
  await pipeline(stream, hash);
  return { sizeBytes: stream.bytesRead, sha256: hash.digest('hex') };
}

function toJson(value: unknown): { bytes: Uint8Array } {
  return { bytes: Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`) };
}
