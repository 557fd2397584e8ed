import * as z from 'zod';
import { describeError } from '../../operator/base/errors.ts';
import { Timestamp } from '../../operator/api/v1alpha1/scalars.ts';
import { joinKey, type Storage } from '../storage/storage.ts';
import { manifestFile, unfinishedFile } from './checkpoint-layout.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';

/** What makes files a checkpoint: it is stored after them and says what they must be. */
export const Manifest = z.object({
  version: z.literal(1),
  /**
   * The key under which the run that wrote it has its checkpoints; a copy made elsewhere still tells where it
   * is from.
   */
  prefix: z.string(),
  step: z.int().min(0),
  epoch: z.number().min(0),
  attempt: z.int().min(1),
  savedAt: Timestamp,
  /** Validation top-1 of these weights; absent if they were not evaluated. */
  top1: z.number().optional(),
  files: z.record(
    z.string().regex(/^[a-z0-9]+(\.[a-z0-9]+)+$/),
    z.object({ sizeBytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});
export type Manifest = z.output<typeof Manifest>;

/** A step that has a manifest. */
export interface Checkpoint {
  /** Location of its folder. */
  readonly uri: string;
  /** Key of its folder in its storage. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Who is making or removing the files of a step. */
export const Unfinished = z.object({ prefix: z.string(), attempt: z.int().min(1) });
export type Unfinished = z.output<typeof Unfinished>;

/**
 * The manifest of a step folder.
 * @throws CorruptCheckpoint if it is not one, and StorageError if there is none
 */
export async function readManifest(storage: Storage, folder: string): Promise<Manifest> {
  return readJson(storage, joinKey(folder, manifestFile), Manifest);
}

/** The mark of an unfinished step folder. Throws as {@link readManifest} does. */
export async function readUnfinished(storage: Storage, folder: string): Promise<Unfinished> {
  return readJson(storage, joinKey(folder, unfinishedFile), Unfinished);
}

/**
 * A small object of JSON.
 * @throws CorruptCheckpoint if it is something else
 */
async function readJson<T>(storage: Storage, key: string, schema: z.ZodType<T>): Promise<T> {
  return parseJson(await storage.get(key), `${storage.uri}/${key}`, schema);
}

/** @throws CorruptCheckpoint if the bytes are not JSON of this schema */
export function parseJson<T>(bytes: Buffer, name: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new CorruptCheckpoint(`${name} is not JSON: ${describeError(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CorruptCheckpoint(`${name} is not what it should be: ${z.prettifyError(parsed.error)}`);
}
