import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../operator/base/errors.ts';
import { StorageError } from './storage-error.ts';

/** Keys as the SDK wants them. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When to ask again. */
  readonly expiration: Date;
}

/** What a mounted Secret says besides the keys. */
export interface S3Surroundings {
  readonly region: string | undefined;
  /** PEM of the authorities to trust. */
  readonly certificates: string | undefined;
}

/**
 * The keys that stand in a folder now. They are given out as expired, so that the SDK asks before every request: a
 * rotated Secret is used at once, and reading two small files costs a tenth of a millisecond.
 * @throws StorageError naming the missing file
 */
export async function readCredentials(folder: string, nowMs: number): Promise<S3Credentials> {
  // A mounted Secret changes by renaming the link ..data; through what it points to now, both files are of one age.
  const current = await realpath(path.join(folder, '..data')).catch(() => folder);
  const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
    requireSecret(current, 'AWS_ACCESS_KEY_ID'),
    requireSecret(current, 'AWS_SECRET_ACCESS_KEY'),
    readSecret(current, 'AWS_SESSION_TOKEN'),
  ]);
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    expiration: new Date(nowMs),
  };
}

export async function readSurroundings(folder: string): Promise<S3Surroundings> {
  const [region, certificates] = await Promise.all([
    readSecret(folder, 'AWS_REGION'),
    readSecret(folder, 'ca.crt'),
  ]);
  return { region, certificates };
}

async function requireSecret(folder: string, name: string): Promise<string> {
  const secret = await readSecret(folder, name);
  if (secret !== undefined) return secret;
  throw new StorageError(
    'Denied',
    `there is no ${name} in ${folder}; the Secret of checkpoints.credentials needs the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
  );
}

async function readSecret(folder: string, name: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path.join(folder, name), 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new StorageError('Denied', `the file ${name} in ${folder} cannot be read`, { cause: error });
  }
}
