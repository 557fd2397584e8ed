import { describe, expect, it } from 'vitest';
import { isAtLeast } from './resource-version.ts';

describe('resource versions', () => {
  it('are compared as numbers of any size', () => {
    expect(isAtLeast('10', '9')).toBe(true);
    expect(isAtLeast('9', '10')).toBe(false);
    expect(isAtLeast('18446744073709551617', '18446744073709551616')).toBe(true);
  });

  it('that are not numbers can only be equal', () => {
    expect(isAtLeast('b', 'a')).toBe(false);
    expect(isAtLeast('a', 'a')).toBe(true);
    expect(isAtLeast(undefined, '1')).toBe(false);
  });
});
