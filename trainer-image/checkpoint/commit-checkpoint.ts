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
 * Stores a snapshot so that it is a checkpoint afterwards, or, whatever happens meanwhile, none: the
 * manifest, which makes it one, comes last. A checkpoint of the same step that an earlier attempt left is
 * replaced.
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
  const present = await listOwnCheckpoints(storage, prefix);
  requireNewestAttempt(present, attempt);
  if (present.some((other) => isDeepStrictEqual(other.manifest, manifest))) {
    // A try before this one stored everything and failed after that.
    await storage.delete(joinKey(target, unfinishedFile));
    return checkpoint;
  }

  await storage.put(joinKey(target, unfinishedFile), toJson({ prefix, attempt } satisfies Unfinished));
  await storage.delete(joinKey(target, manifestFile));
  for (const name of snapshotFiles) {
    await storage.put(joinKey(target, name), { file: path.join(folder, name) });
  }
  requireNewestAttempt(await listOwnCheckpoints(storage, prefix), attempt);
  const outcome = await storage.put(joinKey(target, manifestFile), toJson(manifest), { ifAbsent: true });
  if (outcome === 'exists') {
    throw new Fenced(`attempt ${attempt} lost the race for ${checkpoint.uri} to another attempt`);
  }
  await storage.delete(joinKey(target, unfinishedFile));
  return checkpoint;
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
