import { describe, expect, it } from 'vitest';
import { formatDurationMs, parseDurationMs } from './durations.ts';

describe('a duration in a manifest', () => {
  it('adds up its parts', () => {
    expect(parseDurationMs('90s')).toBe(90_000);
    expect(parseDurationMs('2h30m')).toBe(9_000_000);
    expect(parseDurationMs('1d500ms')).toBe(86_400_500);
  });

  it('is refused when it has no unit or is empty', () => {
    expect(() => parseDurationMs('90')).toThrow(RangeError);
    expect(() => parseDurationMs('')).toThrow('such as 90s');
    expect(() => parseDurationMs('-5s')).toThrow(RangeError);
  });
});

describe('a duration for people', () => {
  it('uses the two largest units', () => {
    expect([850, 12_000, 245_000, 7_620_000, 273_600_000].map(formatDurationMs)).toEqual([
      '850 ms',
      '12 s',
      '4 min 05 s',
      '2 h 07 min',
      '3 d 04 h',
    ]);
  });

  it('says unknown for what is not a number', () => {
    expect(formatDurationMs(Number.NaN)).toBe('unknown');
  });
});
