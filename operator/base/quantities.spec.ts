import { describe, expect, it } from 'vitest';
import { formatBytes, parseQuantity } from './quantities.ts';

describe('a quantity', () => {
  it('is read with binary and decimal suffixes', () => {
    expect(parseQuantity('200Gi')).toBe(214_748_364_800);
    expect(parseQuantity('500m')).toBe(0.5);
    expect(parseQuantity(8)).toBe(8);
    expect(parseQuantity('1.5M')).toBe(1_500_000);
  });

  it('is refused when its suffix is unknown', () => {
    expect(() => parseQuantity('10GB')).toThrow('not a quantity');
    expect(() => parseQuantity('')).toThrow(RangeError);
  });

  it('is written for people in binary units', () => {
    expect([999, 1536, 1_468_006].map(formatBytes)).toEqual(['999 B', '1.5 KiB', '1.4 MiB']);
  });
});
