import { describe, expect, it } from 'vitest';
import { findDuplicateKey } from './duplicate-key.ts';

describe('a key that JSON has twice', () => {
  it.each([
    ['{"a":1,"b":2,"a":3}', 'a'],
    ['{"a":{"x":1,"y":2,"x":3}}', 'x'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a" : [ {"b":1} ], "c":{}, "a":0}', 'a'],
  ])('is found in %s', (json, key) => {
    expect(findDuplicateKey(json)).toBe(key);
  });

  it.each(['{}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":"\\"a\\":","b":"{"}', '{"a":["a","a"]}'])(
    'is not seen in %s',
    (json) => {
      expect(findDuplicateKey(json)).toBeUndefined();
    },
  );
});
