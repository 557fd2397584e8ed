import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterRandom } from '../random.ts';
import { drawCropWindow, windowExtent, type CropRange } from './crop-window.ts';

const paper: CropRange = { minArea: 0.08, maxArea: 1, minAspect: 3 / 4, maxAspect: 4 / 3, aspect: 'uniform' };
const extent = (height: number, width: number) => ({ height, width });
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the window of a share and an aspect', () => {
  it.each([
    [375, 500, 0.5, 4 / 3, 265, 354],
    [375, 500, 0.08, 3 / 4, 141, 106],
    [375, 500, 1, 1, 433, 433],
    [224, 224, 0.08, 4 / 3, 55, 73],
    [28, 28, 0.5, 1, 20, 20],
  ])('of %i x %i, %f and %f is %i x %i', (height, width, area, aspect, expectedHeight, expectedWidth) => {
    expect(windowExtent({ height, width }, area, aspect)).toEqual(extent(expectedHeight, expectedWidth));
  });
});

describe('a random resized crop', () => {
  it('lies inside the image and has an area and an aspect of the ranges, up to rounding', () => {
    const side = fc.integer({ min: 1, max: 600 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.nat(),
        fc.constantFrom('uniform', 'log-uniform'),
        (height, width, seed, aspect) => {
          const image = { height, width };
          const window = drawCropWindow(image, { ...paper, aspect }, counterRandom([seed]));
          expect(window.top).toBeGreaterThanOrEqual(0);
          expect(window.left).toBeGreaterThanOrEqual(0);
          expect(window.height).toBeGreaterThanOrEqual(1);
          expect(window.width).toBeGreaterThanOrEqual(1);
          expect(window.top + window.height).toBeLessThanOrEqual(height);
          expect(window.left + window.width).toBeLessThanOrEqual(width);
          // Each side may be rounded by half a pixel.
          expect((window.width - 0.5) / (window.height + 0.5)).toBeLessThanOrEqual(4 / 3);
          expect((window.width + 0.5) / (window.height - 0.5)).toBeGreaterThanOrEqual(3 / 4);
        },
      ),
    );
  });

  it('covers a share that is uniform from 0.08 to 1, where no window is refused for not fitting', () => {
    // In a square image an aspect of 1 always fits.
    const square = { ...paper, minAspect: 1, maxAspect: 1 };
    const shares = Array.from({ length: 10_000 }, (_, draw) => {
      const { height, width } = drawCropWindow(extent(400, 400), square, counterRandom(['area', draw]));
      return (height * width) / 160_000;
    });
    expect(Math.abs(mean(shares) - 0.54)).toBeLessThan(0.01);
    expect(Math.min(...shares)).toBeGreaterThan(0.079);
    expect(Math.abs(mean(shares.map((share) => (share < 0.31 ? 1 : 0))) - 0.25)).toBeLessThan(0.015);
  });

  it('draws the aspect, or its logarithm, uniformly', () => {
    const aspects = (aspect: CropRange['aspect']) =>
      Array.from({ length: 10_000 }, (_, draw) => {
        const range = { ...paper, aspect, maxArea: 0.5 };
        const { height, width } = drawCropWindow(extent(2000, 2000), range, counterRandom(['aspect', draw]));
        return width / height;
      });
    // Means of both: 25/24 and (4/3 - 3/4) / ln(16/9).
    expect(Math.abs(mean(aspects('uniform')) - 25 / 24)).toBeLessThan(0.006);
    expect(Math.abs(mean(aspects('log-uniform')) - 1.01386)).toBeLessThan(0.006);
  });

  it('can begin at every place where it fits', () => {
    const places = new Set(
      Array.from({ length: 300 }, (_, draw) => {
        const range = { ...paper, minArea: 0.25, maxArea: 0.25, minAspect: 1, maxAspect: 1 };
        const { top, left } = drawCropWindow(extent(4, 4), range, counterRandom(['place', draw]));
        return `${top},${left}`;
      }),
    );
    expect(places.size).toBe(9);
  });

  it('falls back to the largest window in the middle of an image that is too long', () => {
    expect(drawCropWindow(extent(100, 1000), { ...paper, minArea: 1 }, counterRandom([0]))).toEqual({
      ...{ top: 0, left: 433, height: 100, width: 133 },
    });
    expect(drawCropWindow(extent(1000, 100), { ...paper, minArea: 1 }, counterRandom([0]))).toEqual({
      ...{ top: 433, left: 0, height: 133, width: 100 },
    });
  });
});
