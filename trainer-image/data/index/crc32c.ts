/** Castagnoli's polynomial, reflected. */
const polynomial = 0x82f63b78;

/** `tables[k][byte]`: what a byte does to the sum from k bytes further on. */
const tables = makeTables();

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
  const all = [first];
  for (let k = 1; k < 8; k += 1) {
    const previous = all[k - 1] ?? first;
    all.push(previous.map((value) => ((value >>> 8) ^ (first[value & 0xff] ?? 0)) >>> 0));
  }
  return all;
}

/** CRC-32C of bytes (RFC 3720, appendix B.4), eight at a time (Intel's slicing by 8). */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let sum = 0xffffffff;
  let index = 0;
  for (; index < whole; index += 8) {
    const low = view.getUint32(index, true) ^ sum;
    const high = view.getUint32(index + 4, true);
    sum =
      (t7[low & 0xff] ?? 0) ^
      (t6[(low >>> 8) & 0xff] ?? 0) ^
      (t5[(low >>> 16) & 0xff] ?? 0) ^
      (t4[low >>> 24] ?? 0) ^
      (t3[high & 0xff] ?? 0) ^
      (t2[(high >>> 8) & 0xff] ?? 0) ^
      (t1[(high >>> 16) & 0xff] ?? 0) ^
      (t0[high >>> 24] ?? 0);
  }
  for (; index < bytes.length; index += 1) sum = (sum >>> 8) ^ (t0[(sum ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}
