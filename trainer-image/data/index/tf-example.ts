/** A value of the protocol buffer wire format, where it stands in the message. */
interface Field {
  readonly number: number;
  /** Of a varint: its value. */
  readonly value: number;
  /** Of bytes: where they are. */
  readonly start: number;
  readonly end: number;
}

/** What an image record says. */
export interface ExampleImage {
  /** Where the encoded image is in the record. */
  readonly start: number;
  readonly length: number;
  readonly label: number;
}

/** Names of the features. */
export interface ExampleFeatures {
  readonly imageFeature: string;
  readonly labelFeature: string;
}

/** The message is not a tf.Example, or lacks a feature; the text says which. */
export class UnusableExample extends Error {}

/**
 * Finds image and label in a serialised tf.Example (tensorflow/core/example: example.proto, feature.proto) without
 * copying the image.
 * @throws UnusableExample
 */
export function readExample(bytes: Buffer, { imageFeature, labelFeature }: ExampleFeatures): ExampleImage {
  let image: { start: number; length: number } | undefined;
  let label: number | undefined;
  const names: string[] = [];
  for (const features of fields(bytes, 0, bytes.length)) {
    if (features.number !== 1) continue;
    for (const entry of fields(bytes, features.start, features.end)) {
      if (entry.number !== 1) continue;
      let name = '';
      let feature: Field | undefined;
      for (const part of fields(bytes, entry.start, entry.end)) {
        if (part.number === 1) name = bytes.toString('utf8', part.start, part.end);
        if (part.number === 2) feature = part;
      }
      if (feature === undefined) continue;
      names.push(name);
      if (name === imageFeature) image = bytesValue(bytes, feature);
      if (name === labelFeature) label = integerValue(bytes, feature);
    }
  }
  const missing =
    image === undefined
      ? `no feature ${imageFeature} of bytes`
      : label === undefined
        ? `no feature ${labelFeature} of an int64`
        : undefined;
  if (image === undefined || label === undefined) {
    throw new UnusableExample(
      `it has ${missing ?? ''}; its features are ${names.length === 0 ? 'none' : names.join(', ')}. Name yours in data.tfrecord`,
    );
  }
  return { ...image, label };
}

/** The first value of Feature.bytes_list (1). */
function bytesValue(bytes: Buffer, feature: Field): { start: number; length: number } | undefined {
  for (const list of fields(bytes, feature.start, feature.end)) {
    if (list.number !== 1) continue;
    for (const { number, start, end } of fields(bytes, list.start, list.end)) {
      if (number === 1) return { start, length: end - start };
    }
  }
  return undefined;
}

/** The first value of Feature.int64_list (3), packed or not. */
function integerValue(bytes: Buffer, feature: Field): number | undefined {
  for (const list of fields(bytes, feature.start, feature.end)) {
    if (list.number !== 3) continue;
    for (const { number, start, end, value } of fields(bytes, list.start, list.end)) {
      if (number === 1) return end > start ? varint(bytes, start, end).value : value;
    }
  }
  return undefined;
}

function* fields(bytes: Buffer, start: number, end: number): Generator<Field> {
  let position = start;
  while (position < end) {
    const tag = varint(bytes, position, end);
    position = tag.next;
    const number = Math.floor(tag.value / 8);
    switch (tag.value % 8) {
      case 0: {
        const { value, next } = varint(bytes, position, end);
        yield { number, value, start: position, end: position };
        position = next;
        break;
      }
      case 1:
        position += 8;
        break;
      case 2: {
        const { value: length, next } = varint(bytes, position, end);
        if (next + length > end) throw new UnusableExample('it is not a tf.Example');
        yield { number, value: 0, start: next, end: next + length };
        position = next + length;
        break;
      }
      case 5:
        position += 4;
        break;
      default:
        throw new UnusableExample('it is not a tf.Example');
    }
  }
}

/** A varint that is negative (ten bytes) comes out as the int64 it stands for, as far as a number can hold it. */
function varint(bytes: Buffer, start: number, end: number): { value: number; next: number } {
  let value = 0n;
  for (let position = start; position < end && position < start + 10; position += 1) {
    const byte = bytes[position] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (position - start));
    if (byte < 0x80) return { value: Number(BigInt.asIntN(64, value)), next: position + 1 };
  }
  throw new UnusableExample('it is not a tf.Example');
}
