import { InvalidData } from '../invalid-data.ts';
import type { ByteReader } from './byte-reader.ts';

/** A file in a tar archive. */
export interface TarMember {
  readonly name: string;
  /** Of its content in the archive. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** The content. Valid until the next member is asked for; what is not read is skipped. */
  content(): Promise<Buffer>;
}

const blockBytes = 512;
const mostBytes = 2 ** 30;

/**
 * The regular files of a tar archive, in order: POSIX ustar with pax headers, and GNU's long names (tar(5)).
 * @throws InvalidData naming the archive and the byte at which it is damaged
 */
export async function* readTar(reader: ByteReader, archive: string): AsyncGenerator<TarMember> {
  let longName: string | undefined;
  for (;;) {
    const start = reader.position;
    const header = Buffer.from(await reader.read(blockBytes));
    // Two blocks of zeros are the end; some writers leave them out.
    if (header.length === 0 || header.every((byte) => byte === 0)) return;
    if (header.length < blockBytes) throw damaged(archive, start, 'it ends in the middle of a header');
    if (start === 0 && header.readUInt16BE(0) === 0x1f8b) {
      throw new InvalidData(`${archive} is compressed by gzip, which has no random access; decompress it`);
    }
    if (headerSum(header) !== octal(header, 148, 8)) {
      throw damaged(archive, start, 'the checksum of a header is wrong');
    }
    const sizeBytes = octal(header, 124, 12);
    const offset = reader.position;
    const end = offset + Math.ceil(sizeBytes / blockBytes) * blockBytes;
    const read = async () => {
      if (sizeBytes > mostBytes) throw damaged(archive, start, `a member of ${sizeBytes} bytes is no image`);
      const content = await reader.read(sizeBytes);
      if (content.length < sizeBytes) throw damaged(archive, start, 'it ends in the middle of a member');
      return content;
    };
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') {
      longName = (await read()).toString('utf8').replace(/\0.*$/s, '');
    } else if (type === 'x') {
      longName = paxPath((await read()).toString('utf8')) ?? longName;
    } else {
      if (type === '0' || type === '\0') {
        yield { name: longName ?? ustarName(header), offset, sizeBytes, content: read };
      }
      longName = undefined;
    }
    await reader.skip(end - reader.position);
    if (reader.position < offset + sizeBytes) {
      throw damaged(archive, start, 'it ends in the middle of a member');
    }
  }
}

/** The sum of the bytes of a header, its own field counted as blanks. */
function headerSum(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

/** A number in octal digits, or, above 8 GiB, in GNU's base 256. */
function octal(header: Buffer, start: number, length: number): number {
  const field = header.subarray(start, start + length);
  if ((field[0] ?? 0) >= 0x80) return Number(field.readBigUInt64BE(length - 8));
  const digits = /^[\0 ]*([0-7]*)/.exec(field.toString('latin1'))?.[1] ?? '';
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function ustarName(header: Buffer): string {
  const text = (start: number, length: number) =>
    header.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(345, 155) : '';
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** Records are `<length> <key>=<value>\n`, the length that of the whole record in bytes. */
function paxPath(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1];
}

function damaged(archive: string, byte: number, what: string): InvalidData {
  return new InvalidData(
    `${archive} is damaged at byte ${byte}: ${what}. Copy or make it again; if it is no tar archive, correct data.format`,
  );
}
