import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawBar } from './bar.ts';

describe('a bar', () => {
  it.each([
    [0, 4, '────'],
    [0.25, 4, '█───'],
    [0.5, 4, '██──'],
    [0.54, 4, '██▏─'],
    [0.97, 4, '███▉'],
    [1, 4, '████'],
    [0.5, 1, '▌'],
    [0.5, 0, ''],
    [2, 3, '███'],
    [-1, 3, '───'],
  ])('of share %d is drawn in %d columns', (share, width, text) => {
    expect(drawBar(share, width)).toBe(text);
  });

  it('has the asked width and never shrinks as the share grows', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    const full = (bar: string) => bar.split('█').length - 1;
    fc.assert(
      fc.property(shares, shares, fc.integer({ min: 0, max: 200 }), (left, right, width) => {
        const [less, more] = [Math.min(left, right), Math.max(left, right)];
        expect(drawBar(less, width)).toHaveLength(width);
        expect(full(drawBar(more, width))).toBeGreaterThanOrEqual(full(drawBar(less, width)));
      }),
    );
  });
});
