import { describe, expect, it } from 'vitest';
import { isNoNewer } from './resource-version.ts';

describe('a resource version', () => {
  it.each([
    ['9', '10', true],
    ['10', '9', false],
    ['10', '10', true],
    ['90071992547409931', '90071992547409932', true],
    ['90071992547409933', '90071992547409932', false],
    ['abc', 'abd', false],
    ['abc', 'abc', true],
    [undefined, '1', false],
  ])('%s is no newer than %s: %s', (a, b, expected) => {
    expect(isNoNewer(a, b)).toBe(expected);
  });
});
