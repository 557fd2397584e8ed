import { hash } from 'node:crypto';
import * as z from 'zod';
import { InvalidData } from '../invalid-data.ts';

/** A file that holds images: one of an image folder, many of TFRecord and WebDataset. */
export interface Shard {
  /** Below the root of the data. */
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Where each image of a data set is: reading the n-th takes no search. Columns have one element a sample, and samples
 * are in the order of the files.
 */
export interface SampleIndex {
  readonly format: 'image-folder' | 'tfrecord' | 'webdataset';
  /** Names of the classes by label, where the data has names. */
  readonly classes: readonly string[];
  readonly shards: readonly Shard[];
  /** Number of the shard. */
  readonly shard: Uint32Array;
  /** Of the encoded image in its shard. */
  readonly offset: Float64Array;
  readonly length: Uint32Array;
  /** Class, from 0. */
  readonly label: Uint32Array;
  /** CRC-32 of the encoded image; 0 where indexing did not read it, as in an image folder. */
  readonly checksum: Uint32Array;
}

/** Images of a class, by label. */
export function classCounts({ label }: SampleIndex): number[] {
  const counts: number[] = [];
  for (const each of label) {
    while (counts.length <= each) counts.push(0);
    counts[each] = (counts[each] ?? 0) + 1;
  }
  return counts;
}

/** SHA-256 over everything the index says, as hex: the same wherever equal data lies. */
export function fingerprint(index: SampleIndex): string {
  return hash('sha256', encodeIndex(index));
}

/** What to call a sample in a message. */
export function sampleName(index: SampleIndex, sample: number): string {
  const key = index.shards[index.shard[sample] ?? -1]?.key ?? '';
  return index.format === 'image-folder'
    ? key
    : `image ${sample} (${key}, byte ${index.offset[sample] ?? 0})`;
}

/** The columns of an index as they grow. */
export interface IndexBuilder {
  add(entry: { shard: number; offset: number; length: number; label: number; checksum: number }): void;
  finish(rest: Pick<SampleIndex, 'format' | 'classes' | 'shards'>): SampleIndex;
}

export function buildIndex(): IndexBuilder {
  const columns: Record<'shard' | 'offset' | 'length' | 'label' | 'checksum', number[]> = {
    ...{ shard: [], offset: [], length: [], label: [], checksum: [] },
  };
  return {
    add({ shard, offset, length, label, checksum }) {
      columns.shard.push(shard);
      columns.offset.push(offset);
      columns.length.push(length);
      columns.label.push(label);
      columns.checksum.push(checksum);
    },
    finish: (rest) => ({
      ...rest,
      shard: Uint32Array.from(columns.shard),
      offset: Float64Array.from(columns.offset),
      length: Uint32Array.from(columns.length),
      label: Uint32Array.from(columns.label),
      checksum: Uint32Array.from(columns.checksum),
    }),
  };
}

const magic = 'RMINDEX1';

const Header = z.object({
  format: z.enum(['image-folder', 'tfrecord', 'webdataset']),
  classes: z.array(z.string()),
  shards: z.array(z.tuple([z.string(), z.int().min(0)])),
  samples: z.int().min(0),
});

/**
 * An index as bytes: `RMINDEX1`, the length of the header (uint32), the header as JSON, then the columns offset
 * (float64), shard, length, label and checksum (uint32), all little-endian; then their SHA-256.
 */
export function encodeIndex(index: SampleIndex): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      format: index.format,
      classes: index.classes,
      shards: index.shards.map(({ key, sizeBytes }) => [key, sizeBytes]),
      samples: index.label.length,
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const columns = [index.offset, index.shard, index.length, index.label, index.checksum].map((column) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength),
  );
  const content = Buffer.concat([Buffer.from(magic), length, header, ...columns]);
  return Buffer.concat([content, hash('sha256', content, 'buffer')]);
}

/** @throws InvalidData if the bytes are no whole index */
export function decodeIndex(bytes: Buffer, name: string): SampleIndex {
  const content = bytes.subarray(0, -32);
  if (
    bytes.length < 44 ||
    content.subarray(0, 8).toString('latin1') !== magic ||
    !hash('sha256', content, 'buffer').equals(bytes.subarray(-32))
  ) {
    throw new InvalidData(
      `${name} is not a whole index of this version; delete it, or make it anew by ringmaster data index`,
    );
  }
  const headerLength = content.readUInt32LE(8);
  const { format, classes, shards, samples } = Header.parse(
    JSON.parse(content.subarray(12, 12 + headerLength).toString('utf8')),
  );
  let position = 12 + headerLength;
  // Copied, because a column must begin at a multiple of the size of its elements.
  const column = (bytesEach: number) => {
    const part = new Uint8Array(content.subarray(position, position + samples * bytesEach)).buffer;
    position += samples * bytesEach;
    return part;
  };
  return {
    format,
    classes,
    shards: shards.map(([key, sizeBytes]) => ({ key, sizeBytes })),
    offset: new Float64Array(column(8)),
    shard: new Uint32Array(column(4)),
    length: new Uint32Array(column(4)),
    label: new Uint32Array(column(4)),
    checksum: new Uint32Array(column(4)),
  };
}
