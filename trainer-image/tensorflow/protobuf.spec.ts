import { describe, expect, it } from 'vitest';

import {
  booleanField,
  floatField,
  integerField,
  mapEntryField,
  messageField,
  stringField,
} from './protobuf.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('protocol buffer encoding', () => {
  // The examples of https://protobuf.dev/programming-guides/encoding/.
  it('writes the examples of the specification', () => {
    expect(hex(integerField(1, 150))).toBe('089601');
    expect(hex(stringField(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(messageField(3, integerField(1, 150)))).toBe('1a03089601');
    expect(hex(integerField(1, -2))).toBe('08feffffffffffffffff01');
  });

  it('writes fields above 15, booleans, floats and text outside ASCII', () => {
    expect(hex(integerField(16, 1))).toBe('800101');
    expect(hex(booleanField(7, true))).toBe('3801');
    expect(hex(floatField(4, 1))).toBe('250000803f');
    expect(hex(stringField(1, 'é'))).toBe('0a02c3a9');
  });

  it('writes integers that need more than 32 bits', () => {
    expect(hex(integerField(1, 2 ** 40))).toBe('08808080808020');
  });

  it('writes map entries as messages of key and value', () => {
    expect(hex(mapEntryField(5, 'T', integerField(6, 1)))).toBe('2a070a015412023001');
  });
});
