/** Reads a stream in pieces of any size, remembering how far it is. */
export interface ByteReader {
  /** Bytes read so far. */
  readonly position: number;
  /**
   * The next bytes: fewer than asked for, or none, at the end of the stream. Valid until the next call.
   */
  read(length: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
}

export function byteReader(stream: AsyncIterable<Uint8Array>): ByteReader {
  const pieces = stream[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);
  let position = 0;

  /** Makes `current` not empty, unless the stream has ended. */
  async function refill(): Promise<boolean> {
    while (current.length === 0) {
      const next = await pieces.next();
      if (next.done === true) return false;
      current = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return true;
  }

  function take(length: number): Buffer {
    const taken = current.subarray(0, length);
    current = current.subarray(taken.length);
    position += taken.length;
    return taken;
  }

  return {
    get position() {
      return position;
    },
    async read(length) {
      if (current.length >= length) return take(length);
      const parts: Buffer[] = [];
      let missing = length;
      while (missing > 0 && (await refill())) {
        const part = take(missing);
        missing -= part.length;
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
    async skip(length) {
      let left = length;
      while (left > 0 && (await refill())) left -= take(left).length;
    },
  };
}
