import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Connection } from './s3-client.ts';
import { answerOf } from './s3-error.ts';
import { readObject, type S3Object } from './s3-read.ts';
import { StorageError, toStorageError } from './storage-error.ts';
import type { StorageSource } from './storage.ts';

/** Waits after HTTP 409, with which S3 answers two conditional writes at once (PutObject, `If-None-Match`). */
const conflictDelaysMs = [50, 200, 1000];

/** Makes or replaces an object. Larger ones are uploaded in parts, which no reader sees before the last is there. */
export async function writeObject(
  connection: S3Connection,
  target: S3Object,
  source: StorageSource,
): Promise<void> {
  const { partSizeBytes } = connection.tuning;
  const sizeBytes = await sizeOf(source);
  if (sizeBytes <= partSizeBytes) await putBytes(connection, target, await bytesOf(source));
  else await uploadParts(connection, target, source, sizeBytes);
}

/**
 * Makes an object unless there is one. The store decides (`If-None-Match: *`, answered with 412), so that of many
 * writers at once one wins. Stores that do not know the condition say so (501, or 400 from some), or ignore it: for
 * these the object is looked for first, which leaves a gap of a few milliseconds.
 */
export async function writeIfAbsent(
  connection: S3Connection,
  target: S3Object,
  source: StorageSource,
): Promise<'written' | 'exists'> {
  if (await objectExists(connection, target)) return 'exists';
  const bytes = await bytesOf(source);
  for (const delayMs of [...conflictDelaysMs, undefined]) {
    try {
      await putBytes(connection, target, bytes, { IfNoneMatch: '*' });
      return 'written';
    } catch (error) {
      const { status, attempts } = answerOf(error);
      if (status === 412) {
        // An answer that was lost on its way is asked for again, and then it is our own object that is in the way.
        return attempts > 1 && (await holds(connection, target, bytes)) ? 'written' : 'exists';
      }
      if (status === 501 || (status === 400 && isNotImplemented(error))) {
        await putBytes(connection, target, bytes);
        return 'written';
      }
      if (status !== 409 || delayMs === undefined) throw error;
      await sleep(delayMs * (0.5 + Math.random()));
    }
  }
  return 'exists';
}

export async function objectExists(
  { sdk, client }: S3Connection,
  { bucket, key }: S3Object,
): Promise<boolean> {
  try {
    await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (answerOf(error).status === 404) return false;
    throw error;
  }
}

async function putBytes(
  { sdk, client }: S3Connection,
  { bucket, key }: S3Object,
  bytes: Uint8Array,
  condition: { readonly IfNoneMatch?: '*' } = {},
): Promise<void> {
  await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ...condition }));
}

async function uploadParts(
  { sdk, client, tuning }: S3Connection,
  { bucket, key }: S3Object,
  source: StorageSource,
  sizeBytes: number,
): Promise<void> {
  const { Upload } = await import('@aws-sdk/lib-storage');
  const body =
    'bytes' in source
      ? Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.length)
      : createReadStream(source.file, { highWaterMark: 2 ** 20 });
  // Ten thousand parts are the most that S3 takes.
  const partSize = Math.max(tuning.partSizeBytes, Math.ceil(sizeBytes / 10_000));
  try {
    await new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: body },
      partSize,
      queueSize: tuning.parallelParts,
    }).done();
  } finally {
    if ('destroy' in body) body.destroy();
  }
  const stored = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
  if (stored.ContentLength !== sizeBytes) {
    throw new StorageError(
      'Truncated',
      `s3://${bucket}/${key} has ${stored.ContentLength ?? 0} bytes after its upload, not ${sizeBytes}`,
    );
  }
}

async function holds(connection: S3Connection, target: S3Object, bytes: Uint8Array): Promise<boolean> {
  const stored: Uint8Array[] = [];
  for await (const piece of readObject(connection, target)) stored.push(piece);
  return Buffer.concat(stored).equals(bytes);
}

function isNotImplemented(error: unknown): boolean {
  return (
    error instanceof Error &&
    /NotImplemented|not implemented|InvalidArgument/i.test(`${error.name} ${error.message}`)
  );
}

async function sizeOf(source: StorageSource): Promise<number> {
  if ('bytes' in source) return source.bytes.length;
  return (await ofFile(source.file, (file) => stat(file))).size;
}

async function bytesOf(source: StorageSource): Promise<Uint8Array> {
  return 'bytes' in source ? source.bytes : ofFile(source.file, (file) => readFile(file));
}

/** A local file that cannot be read is not a fault of the store. */
async function ofFile<T>(file: string, read: (file: string) => Promise<T>): Promise<T> {
  try {
    return await read(file);
  } catch (error) {
    throw toStorageError(`read ${file}`, error);
  }
}
