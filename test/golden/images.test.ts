import { beforeAll, describe, expect, it } from 'vitest';
import type { ImagesAnswer } from './ranks/images.ts';
import { runRanks } from './run-ranks.ts';

let answer: ImagesAnswer = { images: {}, failures: {}, left: 0 };
beforeAll(async () => {
  const [only] = await runRanks('images', 1, null);
  answer = only as ImagesAnswer;
});

/** One channel of an image that was decoded, row by row. */
const channel = (name: string, which: number) =>
  (answer.images[name] ?? [])
    .filter((_, index) => index % 3 === which)
    .map((value) => Number(value.toFixed(4)));
const meanDifference = (one: string, other: string) => {
  const [a = [], b = []] = [answer.images[one], answer.images[other]];
  expect(a.length).toBeGreaterThan(0);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? NaN)), 0) / a.length;
};
const times = <T>(count: number, row: readonly T[]) => Array.from({ length: count }, () => row).flat();

describe('an image that goes through the kernels', () => {
  it('comes out as it is, mirrored, as a window, or cut out after resizing', () => {
    expect(channel('whole', 0)).toEqual(times(4, [0, 10, 20, 30]));
    expect(channel('whole', 1)).toEqual([0, 20, 40, 60].flatMap((value) => times(4, [value])));
    expect(channel('whole', 2)).toEqual(times(16, [7]));
    expect(channel('mirrored', 0)).toEqual(times(4, [30, 20, 10, 0]));
    expect(channel('mirrored', 1)).toEqual(channel('whole', 1));
    expect([channel('window', 0), channel('window', 1)]).toEqual([times(2, [20, 30]), [20, 20, 40, 40]]);
    expect([channel('cut', 0), channel('cut', 1)]).toEqual([times(2, [10, 20]), [40, 40, 60, 60]]);
  });

  it('is enlarged between the centres of its pixels', () => {
    expect(channel('enlarged', 0)).toEqual(times(4, [0, 25, 75, 100]));
    expect(channel('enlarged', 1)).toEqual([0, 25, 75, 100].flatMap((value) => times(4, [value])));
  });

  it('changes colour by a matrix from the left, and an offset, without clipping', () => {
    expect(channel('swapped', 0)).toEqual(channel('whole', 1).map((value) => value + 1000));
    expect(channel('swapped', 1)).toEqual(times(16, [7]));
    expect(channel('swapped', 2)).toEqual(channel('whole', 0).map((value) => 2 * value - 1));
  });

  it('blends with the mean grey of what is seen of it', () => {
    // Means 15, 30 and 7.
    const grey = 0.299 * 15 + 0.587 * 30 + 0.114 * 7;
    const expected = channel('whole', 0).map((value) => value / 2 + grey / 2);
    for (const [index, value] of channel('contrast', 0).entries())
      expect(value).toBeCloseTo(expected[index] ?? 0, 3);
  });

  it('is seen in validation at 256 / 375 of its size from 58, 16 on', () => {
    const red = channel('evaluation', 0);
    const green = channel('evaluation', 1);
    for (const [row, column] of [
      [0, 0],
      [100, 200],
      [223, 223],
    ] as const) {
      // Half a pixel value a pixel, rounded down when it was drawn.
      const left = ((58 + column + 0.5) * 500) / 341 - 0.5;
      const top = ((16 + row + 0.5) * 375) / 256 - 0.5;
      expect(Math.abs((red[row * 224 + column] ?? 0) - left / 2 + 0.25)).toBeLessThan(0.3);
      expect(Math.abs((green[row * 224 + column] ?? 0) - top / 2 + 0.25)).toBeLessThan(0.3);
    }
    expect(meanDifference('evaluation', 'evaluation of a JPEG')).toBeLessThan(0.7);
  });

  it.each([128, 64, 32])('is the same when a JPEG is decoded at a fraction on the way to %i', (size) => {
    expect(meanDifference(`JPEG to ${size}`, `PNG to ${size}`)).toBeLessThan(1);
    expect(meanDifference(`window of a JPEG to ${size}`, `window of a PNG to ${size}`)).toBeLessThan(1.2);
  });
});

describe('an image that cannot be decoded', () => {
  it('is said to be damaged, and leaves no tensor behind', () => {
    expect(answer.failures).toEqual({
      truncated: 'it is damaged',
      scrambled: 'it begins like a JPEG but has no frame',
      text: 'it is neither a JPEG nor a PNG',
    });
    expect(answer.left).toBe(0);
  });
});
