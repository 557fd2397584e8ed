import * as z from 'zod';
import { Data } from '../v1alpha1/data.ts';

/** What the command line asks the trainer's program for data, as JSON on standard input. */
export const DataRequest = z.object({
  action: z.enum(['index', 'check', 'preview']),
  /** One half of a data set. */
  uri: z.string(),
  format: z.enum(['image-folder', 'tfrecord', 'webdataset']),
  tfrecord: Data.shape.tfrecord,
  endpoint: z.string().optional(),
  credentialsFolder: z.string().optional(),
  /** Of a preview. */
  augmentation: Data.shape.augmentation,
  imageSize: z.int().min(8).max(1024).default(224),
  seed: z.int().default(0),
  images: z.int().min(1).max(64).default(8),
  /** File of the contact sheet. */
  to: z.string().optional(),
});
export type DataRequest = z.output<typeof DataRequest>;

export const IndexReport = z.object({
  images: z.int(),
  shards: z.int(),
  /** Images by label, and the name of the class where it has one. */
  classes: z.array(z.object({ name: z.string().optional(), images: z.int() })),
  fingerprint: z.string(),
  /** Where the index is kept; absent if that was not allowed, or not needed. */
  stored: z.string().optional(),
});
export type IndexReport = z.output<typeof IndexReport>;

export const DataProblem = z.object({
  image: z.string(),
  problem: z.enum(['unreadable', 'cmyk', 'extension', 'oversized']),
  message: z.string(),
});
export type DataProblem = z.output<typeof DataProblem>;

export const CheckReport = z.object({ images: z.int(), problems: z.array(DataProblem) });
export type CheckReport = z.output<typeof CheckReport>;

export const PreviewReport = z.object({ file: z.string(), images: z.int(), columns: z.int() });
export type PreviewReport = z.output<typeof PreviewReport>;
