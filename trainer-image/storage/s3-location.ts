import { StorageError } from './storage-error.ts';

/** A bucket and the beginning of the keys in it. */
export interface S3Location {
  readonly bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  readonly prefix: string;
}

/** @throws StorageError if it is not `s3://bucket` or `s3://bucket/prefix` */
export function parseS3Location(uri: string): S3Location {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]*[a-z0-9])(\/.*)?$/.exec(uri) ?? [];
  if (bucket === undefined) {
    throw new StorageError(
      'Unsupported',
      `${uri} is not a location in object storage such as s3://bucket/runs`,
    );
  }
  return { bucket, prefix: rest.replace(/^\/+|\/+$/g, '') };
}
