import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { systemErrorCode } from '../../operator/base/errors.ts';
import { InvalidData } from './invalid-data.ts';

/** An array of unsigned bytes, as an IDX file holds it. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Elements in C order. */
  readonly values: Uint8Array;
  /** SHA-256 of the decompressed file, as hex. */
  readonly sha256: string;
}

const unsignedByte = 0x08;
const unzip = promisify(gunzip);

/**
 * Reads a gzipped IDX file of unsigned bytes: two zero bytes, the element type, the number of dimensions,
 * each dimension as a big-endian 32-bit word, then the elements (the format of the MNIST files, described on
 * their home page).
 * @param dimensions how many dimensions it must have
 * @throws InvalidData naming the file
 */
export async function readIdx(file: string, dimensions: number): Promise<IdxArray> {
  const content = await decompress(file);
  const headerBytes = 4 + 4 * dimensions;
  const magic = content.length < 4 ? undefined : content.readUInt32BE(0);
  const expectedMagic = (unsignedByte << 8) | dimensions;
  if (magic !== expectedMagic || content.length < headerBytes) {
    throw new InvalidData(
      `${file} is not an IDX file of unsigned bytes in ${dimensions} dimensions: it begins with ${toHex(magic)}, not ${toHex(expectedMagic)}; put the original file there`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, index) => content.readUInt32BE(4 + 4 * index));
  const values = content.subarray(headerBytes);
  const expectedBytes = shape.reduce((product, dimension) => product * dimension, 1);
  if (values.length !== expectedBytes) {
    throw new InvalidData(
      `${file} says it holds ${shape.join(' x ')} bytes but holds ${values.length}; put the original file there`,
    );
  }
  return { shape, values, sha256: hash('sha256', content) };
}

async function decompress(file: string): Promise<Buffer> {
  let compressed: Buffer;
  try {
    compressed = await readFile(file);
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR';
    throw new InvalidData(
      missing
        ? `${file} does not exist; data.train must be a folder that holds it`
        : `${file} cannot be read; let the trainer read it`,
      { cause: error },
    );
  }
  try {
    return await unzip(compressed);
  } catch (error) {
    throw new InvalidData(
      `${file} (${compressed.length} bytes) is damaged or cut short: it cannot be decompressed; put the original file there`,
      { cause: error },
    );
  }
}

function toHex(word: number | undefined): string {
  return word === undefined ? 'nothing' : `0x${word.toString(16).padStart(8, '0')}`;
}
