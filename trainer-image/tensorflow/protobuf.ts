/**
 * The few parts of the protocol buffer wire format that TensorFlow's messages need. Written by hand because a
 * message is built here once per recorded function, and a code generator would be the larger dependency.
 * Format: https://protobuf.dev/programming-guides/encoding/
 */

const wireType = { varint: 0, bytes: 2, fixed32: 5 } as const;

const textEncoder = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  // Negative numbers are written as 64-bit two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function tag(field: number, wire: number): Uint8Array {
  return varint((field << 3) | wire);
}

/** Joins encoded fields to a message. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** int32, int64 or an enumeration. */
export function integerField(field: number, value: number | bigint): Uint8Array {
  return message(tag(field, wireType.varint), varint(value));
}

export function booleanField(field: number, value: boolean): Uint8Array {
  return integerField(field, value ? 1 : 0);
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return message(tag(field, wireType.fixed32), bytes);
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return message(tag(field, wireType.bytes), varint(value.length), value);
}

export function stringField(field: number, value: string): Uint8Array {
  return bytesField(field, textEncoder.encode(value));
}

export function messageField(field: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(field, message(...fields));
}

/** An entry of a map from strings to messages. */
export function mapEntryField(field: number, key: string, ...value: readonly Uint8Array[]): Uint8Array {
  return messageField(field, stringField(1, key), messageField(2, ...value));
}
