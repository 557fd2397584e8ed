import { describe, expect, it } from 'vitest';
import { copyCropped, cropPadding, drawCropAndFlip, unchanged, type CropAndFlip } from './augment-light.ts';
import { normalizationTable } from './normalization.ts';
import { counterRandom } from './random.ts';

const identity = normalizationTable({ mean: [0], std: [1] });
const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
const crop = (window: CropAndFlip) => {
  const output = new Float32Array(9);
  const source = { pixels, offset: 0, height: 3, width: 3, channels: 1, table: identity };
  copyCropped(source, window, output, 0);
  return [...output];
};

describe('pad, crop and flip', () => {
  it('leaves the image as it is for evaluation', () => {
    expect(crop(unchanged)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('shows black padding where the window leaves the image', () => {
    expect(crop({ top: -1, left: 1, flip: false })).toEqual([0, 0, 0, 2, 3, 0, 5, 6, 0]);
    expect(crop({ top: 1, left: -2, flip: false })).toEqual([0, 0, 4, 0, 0, 7, 0, 0, 0]);
  });

  it('mirrors the window', () => {
    expect(crop({ top: 0, left: 0, flip: true })).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
    expect(crop({ top: 0, left: 1, flip: true })).toEqual([0, 3, 2, 0, 6, 5, 0, 9, 8]);
  });

  it('handles the image at its place and all its channels alike', () => {
    const output = new Float32Array(6);
    const source = {
      pixels,
      offset: 2,
      height: 1,
      width: 2,
      channels: 3,
      table: normalizationTable({ mean: [0, 0, 0], std: [1, 1, 1] }),
    };
    copyCropped(source, { top: 0, left: 0, flip: true }, output, 0);
    expect([...output]).toEqual([6, 7, 8, 3, 4, 5]);
  });

  it('pads by 2 for 28 x 28 and by 4 for 32 x 32', () => {
    expect([28, 32].map(cropPadding)).toEqual([2, 4]);
  });

  it('draws each of the 25 windows of a 28 x 28 image, mirrored or not, about equally often', () => {
    const counts = new Map<string, number>();
    for (let sample = 0; sample < 20_000; sample += 1) {
      const drawn = JSON.stringify(drawCropAndFlip(28, counterRandom(['test', sample])));
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    expect(counts.size).toBe(50);
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(100);
  });
});

describe('normalisation', () => {
  it("has the values of ImageNet's constants", () => {
    const table = normalizationTable({ mean: [123.68, 116.779, 103.939], std: [58.393, 57.12, 57.375] });
    const expected = [-2.1180621, 2.2488997, -2.0444503, 2.4198354, -1.811573, 2.6328715];
    for (const [index, value] of expected.entries()) {
      expect(table[(index >> 1) * 256 + (index % 2) * 255]).toBeCloseTo(value, 6);
    }
  });
});
