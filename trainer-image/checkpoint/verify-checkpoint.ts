import { createHash, hash } from 'node:crypto';
import { StorageError } from '../storage/storage-error.ts';
import { joinKey, type Storage } from '../storage/storage.ts';
import { snapshotFiles } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { readManifest, type Manifest } from './manifest.ts';

type FileFacts = Manifest['files'][string];
type SnapshotFile = (typeof snapshotFiles)[number];

/**
 * Reads every byte of a step's files and compares sizes and digests with its manifest.
 * @throws CorruptCheckpoint that says what is wrong
 * @throws StorageError if storage fails otherwise than by not having a file
 */
export async function verifyCheckpoint(storage: Storage, folder: string): Promise<Manifest> {
  const manifest = await requireManifest(storage, folder);
  for (const name of snapshotFiles) {
    const key = joinKey(folder, name);
    const digest = createHash('sha256');
    let sizeBytes = 0;
    await orCorrupt(async () => {
      for await (const piece of storage.read(key)) {
        digest.update(piece);
        sizeBytes += piece.length;
      }
    });
    requireFacts(storage, key, manifest.files[name], { sizeBytes, sha256: digest.digest('hex') });
  }
  return manifest;
}

/** The manifest of a step folder. Throws as {@link verifyCheckpoint} does. */
export async function requireManifest(storage: Storage, folder: string): Promise<Manifest> {
  return orCorrupt(() => readManifest(storage, folder));
}

/** One file of a checkpoint, compared with its manifest. Throws as {@link verifyCheckpoint} does. */
export async function readVerified(
  storage: Storage,
  folder: string,
  manifest: Manifest,
  name: SnapshotFile,
): Promise<Buffer> {
  const key = joinKey(folder, name);
  const bytes = await orCorrupt(() => storage.get(key));
  requireFacts(storage, key, manifest.files[name], {
    sizeBytes: bytes.length,
    sha256: hash('sha256', bytes),
  });
  return bytes;
}

function requireFacts(
  storage: Storage,
  key: string,
  expected: FileFacts | undefined,
  actual: FileFacts,
): void {
  const name = `${storage.uri}/${key}`;
  if (expected === undefined) throw new CorruptCheckpoint(`${name} is not in the manifest beside it`);
  if (actual.sizeBytes !== expected.sizeBytes) {
    throw new CorruptCheckpoint(
      `${name} has ${actual.sizeBytes} bytes, but its manifest says ${expected.sizeBytes}`,
    );
  }
  if (actual.sha256 !== expected.sha256) {
    throw new CorruptCheckpoint(
      `${name} has the SHA-256 ${actual.sha256}, but its manifest says ${expected.sha256}`,
    );
  }
}

/**
 * A missing file makes a checkpoint corrupt; any other fault of storage says nothing about the checkpoint.
 */
async function orCorrupt<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StorageError && error.fault === 'NotFound') {
      throw new CorruptCheckpoint(`a file of the checkpoint is missing: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
