import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { s3Connection } from './s3-client.ts';
import { answerOf, toS3StorageError } from './s3-error.ts';
import { parseS3Location } from './s3-location.ts';
import { readObject, type ObjectWindow, type S3Object } from './s3-read.ts';
import { objectExists, writeIfAbsent, writeObject } from './s3-write.ts';
import { checkedKey } from './checked-key.ts';
import type { StorageAccess } from './storage-access.ts';
import { StorageError, toStorageError } from './storage-error.ts';
import { joinKey, type Storage, type StoredObject } from './storage.ts';

/**
 * Objects in a bucket of S3 or a store that speaks its protocol, under the keys of a location such as
 * `s3://bucket/runs`. Opening does no I/O; the SDK is loaded by the first call.
 * @throws StorageError if the location is none
 */
export function openS3Storage(uri: string, access: StorageAccess): Storage {
  const { bucket, prefix: root } = parseS3Location(uri);
  const connect = s3Connection(access);
  const objectOf = (key: string): S3Object => ({ bucket, key: joinKey(root, checkedKey(key)) });
  const nameOf = ({ key }: S3Object) => `s3://${bucket}/${key}`;
  /** Keys of the bucket that begin so belong to a prefix of this storage. */
  const beginningOf = (prefix: string) => {
    const whole = prefix === '' ? root : joinKey(root, checkedKey(prefix));
    return whole === '' ? '' : `${whole}/`;
  };

  async function* read(key: string, window?: ObjectWindow): AsyncGenerator<Uint8Array> {
    const source = objectOf(key);
    yield* readObject(await naming(`read ${nameOf(source)}`, connect), source, window);
  }

  return {
    uri: `s3://${joinKey(bucket, root)}`.replace(/\/$/, ''),

    async put(key, source, options = {}) {
      const target = objectOf(key);
      return naming(`write ${nameOf(target)}`, async () => {
        const connection = await connect();
        if (options.ifAbsent === true) return writeIfAbsent(connection, target, source);
        await writeObject(connection, target, source);
        return 'written';
      });
    },

    async get(key) {
      return buffer(read(key));
    },

    async getRange(key, offset, length) {
      const bytes = await buffer(read(key, { offset, length }));
      if (bytes.length === length) return bytes;
      throw new StorageError('Truncated', `${nameOf(objectOf(key))} has only ${offset + bytes.length} bytes`);
    },

    read: (key) => read(key),

    async download(key, file) {
      const handle = await open(file, 'w').catch((error: unknown) => {
        throw toStorageError(`write ${file}`, error);
      });
      try {
        for await (const piece of read(key)) {
          await handle.write(piece).catch((error: unknown) => {
            throw toStorageError(`write ${file}`, error);
          });
        }
      } finally {
        await handle.close();
      }
    },

    async exists(key) {
      const target = objectOf(key);
      return naming(`look for ${nameOf(target)}`, async () => objectExists(await connect(), target));
    },

    async list(prefix) {
      const beginning = beginningOf(prefix);
      return naming(`list s3://${bucket}/${beginning}`, async () => {
        const { sdk, client } = await connect();
        const found: StoredObject[] = [];
        const pages = sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: beginning });
        for await (const { Contents: objects = [] } of pages) {
          for (const { Key: key, Size: sizeBytes } of objects) {
            if (key === undefined || key.endsWith('/')) continue; // The folders that some tools make.
            found.push({ key: root === '' ? key : key.slice(root.length + 1), sizeBytes: sizeBytes ?? 0 });
          }
        }
        return found.sort((a, b) => (a.key < b.key ? -1 : 1));
      });
    },

    async delete(key) {
      const target = objectOf(key);
      return naming(`delete ${nameOf(target)}`, async () => {
        const { sdk, client } = await connect();
        try {
          await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: target.key }));
        } catch (error) {
          if (answerOf(error).status !== 404) throw error;
        }
      });
    },

    async deletePartials(prefix) {
      const beginning = beginningOf(prefix);
      return naming(`end unfinished uploads to s3://${bucket}/${beginning}`, async () => {
        const { sdk, client } = await connect();
        const { Uploads: uploads = [] } = await client.send(
          new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: beginning }),
        );
        for (const { Key: key, UploadId: id } of uploads) {
          if (key?.startsWith(beginning) !== true) continue; // Not every store heeds the prefix.
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }));
        }
      });
    },
  };
}

async function naming<T>(action: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toS3StorageError(action, error);
  }
}
