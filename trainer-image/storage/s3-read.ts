import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Connection } from './s3-client.ts';
import { answerOf, mayPass, toS3StorageError } from './s3-error.ts';
import { StorageError } from './storage-error.ts';

/** An object in its bucket. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/** A part of an object; it must have at least one byte. */
export interface ObjectWindow {
  readonly offset: number;
  readonly length: number;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;

/**
 * The bytes of an object, or of a part of it, piece by piece. The SDK tries requests again but not bodies: one that stalls or ends too
 * soon is continued where it ended, as long as the object is still the same.
 * @throws StorageError of the fault Truncated or Unreachable after so many tries without a single byte between them
 */
export async function* readObject(
  { sdk, client, tuning }: S3Connection,
  { bucket, key }: S3Object,
  window?: ObjectWindow,
): AsyncGenerator<Uint8Array> {
  const name = `s3://${bucket}/${key}`;
  let offset = window?.offset ?? 0;
  const last = window === undefined ? '' : String(window.offset + window.length - 1);
  let entityTag: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      const answer = await client.send(
        new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(offset === 0 && last === '' ? {} : { Range: `bytes=${offset}-${last}` }),
          ...(entityTag === undefined ? {} : { IfMatch: entityTag }),
        }),
      );
      entityTag ??= answer.ETag;
      const expectedBytes = answer.ContentLength;
      let receivedBytes = 0;
      if (offset > 0 && answer.ContentRange?.startsWith(`bytes ${offset}-`) !== true) {
        throw new StorageError('Other', `cannot continue to read ${name}: the store ignores ranges`);
      }
      if (answer.Body === undefined) throw new StorageError('Truncated', `${name} came without a body`);
      for await (const piece of pieces(answer.Body)) {
        receivedBytes += piece.length;
        offset += piece.length;
        failures = 0;
        yield piece;
      }
      if (expectedBytes === undefined || receivedBytes === expectedBytes) return;
      throw new StorageError(
        'Truncated',
        `cannot read ${name}: only ${receivedBytes} of the ${expectedBytes} bytes that the store had announced came`,
      );
    } catch (error) {
      failures += 1;
      if (answerOf(error).status === 412) {
        throw new StorageError('Other', `${name} was replaced while it was read`, {
          cause: toS3StorageError(`read ${name}`, error),
        });
      }
      if (!mayPass(error) || failures >= tuning.attempts) throw toS3StorageError(`read ${name}`, error);
      // Full jitter: many ranks that lost the same store must not come back in step.
      await sleep(Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** failures));
    }
  }
}

async function* pieces(body: unknown): AsyncGenerator<Uint8Array> {
  if (!isIterable(body)) throw new TypeError('the SDK returned a body that cannot be read piece by piece');
  for await (const piece of body) {
    if (piece instanceof Uint8Array) yield piece;
  }
}

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
