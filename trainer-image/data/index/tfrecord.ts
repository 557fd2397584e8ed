import { InvalidData } from '../invalid-data.ts';
import type { ByteReader } from './byte-reader.ts';
import { crc32c } from './crc32c.ts';

/** One record of a TFRecord file. */
export interface TfRecord {
  /** Of the record's data in the file. */
  readonly offset: number;
  /** Valid until the next record is asked for. */
  readonly data: Buffer;
}

/** A record of a gigabyte is no image. */
const mostBytes = 2 ** 30;
const lengthBytes = 8;
const checksumBytes = 4;

/**
 * The records of a TFRecord file: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data
 * (tensorflow/core/lib/io/record_writer.h). Both sums are checked.
 * @throws InvalidData naming the file and the byte at which it is damaged
 */
export async function* readTfRecords(reader: ByteReader, name: string): AsyncGenerator<TfRecord> {
  for (;;) {
    const start = reader.position;
    const header = Buffer.from(await reader.read(lengthBytes + checksumBytes));
    if (header.length === 0) return;
    if (start === 0 && header.readUInt16BE(0) === 0x1f8b) {
      throw new InvalidData(`${name} is compressed by gzip, which has no random access; decompress it`);
    }
    const length = header.length < 12 ? -1 : Number(header.readBigUInt64LE(0));
    if (length < 0) throw cutShort(name, start);
    if (masked(crc32c(header.subarray(0, lengthBytes))) !== header.readUInt32LE(lengthBytes)) {
      throw damaged(name, start, 'the length of a record has another checksum than is stated');
    }
    if (length > mostBytes) throw damaged(name, start, `a record of ${length} bytes is no image`);
    const offset = reader.position;
    const rest = await reader.read(length + checksumBytes);
    if (rest.length < length + checksumBytes) throw cutShort(name, start);
    const data = rest.subarray(0, length);
    if (masked(crc32c(data)) !== rest.readUInt32LE(length)) {
      throw damaged(name, start, 'a record has another checksum than is stated');
    }
    yield { offset, data };
  }
}

/** Checksums of data that itself holds checksums are masked. */
function masked(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

function damaged(name: string, byte: number, what: string): InvalidData {
  return new InvalidData(
    `${name} is damaged at byte ${byte}: ${what}. Copy or make it again; if it is no TFRecord file, correct data.format`,
  );
}

function cutShort(name: string, byte: number): InvalidData {
  return damaged(name, byte, 'it ends in the middle of a record');
}
