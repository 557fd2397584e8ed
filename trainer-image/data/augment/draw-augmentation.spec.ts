import { describe, expect, it } from 'vitest';
import { smallSpec, type SmallSpecChanges } from '../../../test/fixtures/small-spec.ts';
import { counterRandom } from '../random.ts';
import { augmentationSettings } from './augmentation-settings.ts';
import { drawAugmentation, drawColor, planEvaluation } from './draw-augmentation.ts';

const settingsOf = (data: NonNullable<SmallSpecChanges['data']>) =>
  augmentationSettings(smallSpec({ model: { imageSize: 224, channels: 3 }, data }));
const paper = settingsOf({ augmentation: 'paper' });
const image = { height: 375, width: 500 };
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the draw for an image', () => {
  it('is decided by seed, epoch and sample', () => {
    const key = { seed: 1, epoch: 2, sample: 3 };
    expect(drawAugmentation(image, paper, key)).toEqual(drawAugmentation(image, paper, { ...key }));
    for (const other of [{ seed: 2 }, { epoch: 3 }, { sample: 4 }]) {
      const changed = drawAugmentation(image, paper, { ...key, ...other });
      expect(changed.window).not.toEqual(drawAugmentation(image, paper, key).window);
      expect(changed.color).not.toEqual(drawAugmentation(image, paper, key).color);
    }
  });

  it('stays what it is from release to release, or runs could not be continued', () => {
    const { window, flip, color } = drawAugmentation(image, paper, { seed: 0, epoch: 0, sample: 0 });
    expect({ window, flip }).toMatchInlineSnapshot(`
      {
        "flip": true,
        "window": {
          "height": 341,
          "left": 102,
          "top": 32,
          "width": 360,
        },
      }
    `);
    expect(color.offset.map((value) => Number(value.toFixed(9)))).toMatchInlineSnapshot(`
      [
        -2.097642655,
        -2.020343115,
        -1.785641566,
      ]
    `);
  });

  it('has a crop and a flip that do not depend on whether colours change', () => {
    const plain = settingsOf({
      augmentation: 'paper',
      color: { brightness: 0, saturation: 0, hue: 0, pcaNoise: 0 },
    });
    const key = { seed: 5, epoch: 0, sample: 9 };
    const { window, flip } = drawAugmentation(image, paper, key);
    expect(drawAugmentation(image, plain, key)).toMatchObject({ window, flip });
  });

  it('mirrors every other image', () => {
    const flips = Array.from({ length: 10_000 }, (_, sample) =>
      drawAugmentation(image, paper, { seed: 0, epoch: 0, sample }).flip ? 1 : 0,
    );
    expect(Math.abs(mean(flips) - 0.5)).toBeLessThan(0.015);
  });
});

describe('the draw of colours', () => {
  it.each(['brightness', 'contrast', 'saturation', 'hue'] as const)(
    'has coefficients of %s from 0.6 to 1.4, uniformly',
    (part) => {
      const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0, pcaNoise: 0 };
      const settings = settingsOf({ augmentation: 'none', color: { ...none, [part]: 0.4 } });
      // All four act on this entry by a coefficient that can be had back from it.
      const coefficients = Array.from({ length: 4000 }, (_, sample) => {
        const { pixel } = drawColor(settings, counterRandom(['color', sample]));
        if (part === 'saturation') return (pixel[0][0] - 0.299) / (1 - 0.299);
        if (part === 'hue') return 1 + Math.abs(Math.acos(hueCosine(pixel))) / Math.PI;
        return pixel[0][0];
      });
      if (part === 'hue') {
        // Without its sign.
        expect(Math.min(...coefficients)).toBeGreaterThanOrEqual(0.999);
        expect(Math.max(...coefficients)).toBeLessThan(1.402);
        expect(Math.abs(mean(coefficients) - 1.2)).toBeLessThan(0.01);
        return;
      }
      expect(Math.min(...coefficients)).toBeGreaterThanOrEqual(0.6 - 1e-9);
      expect(Math.max(...coefficients)).toBeLessThanOrEqual(1.4 + 1e-9);
      expect(Math.abs(mean(coefficients) - 1)).toBeLessThan(0.012);
      expect(Math.abs(mean(coefficients.map((value) => (value - 1) ** 2)) - 0.16 / 3)).toBeLessThan(0.003);
    },
  );

  it('shifts channels by noise of the known deviations', () => {
    const settings = settingsOf({ augmentation: 'none', color: { pcaNoise: 0.1 } });
    const offsets = Array.from(
      { length: 20_000 },
      (_, sample) => drawColor(settings, counterRandom(['noise', sample])).offset,
    );
    for (const [channel, deviation] of [3.1665, 3.2225, 3.2541].entries()) {
      const squares = offsets.map((offset) => (offset[channel] ?? NaN) ** 2);
      expect(Math.abs(Math.sqrt(mean(squares)) / deviation - 1)).toBeLessThan(0.015);
    }
  });
});

describe('what an augmentation stands for', () => {
  it('is hue in the paper and contrast in the published code', () => {
    expect(paper).toMatchObject({ hue: 0.4, contrast: 0, pcaNoise: 0.1, flip: 0.5, shortSide: 256 });
    expect(paper.crop).toMatchObject({ minArea: 0.08, maxArea: 1, aspect: 'uniform' });
    const gluoncv = settingsOf({ augmentation: 'gluoncv' });
    expect(gluoncv).toMatchObject({ hue: 0, contrast: 0.4, crop: { aspect: 'log-uniform' } });
  });

  it('can be changed part by part', () => {
    const changed = settingsOf({
      augmentation: 'paper',
      crop: { minArea: 0.25 },
      flip: 0,
      color: { hue: 0 },
    });
    expect(changed).toMatchObject({ crop: { minArea: 0.25, maxArea: 1 }, flip: 0, hue: 0, brightness: 0.4 });
    expect(settingsOf({ augmentation: 'none', crop: { minArea: 0.5 } }).crop).toMatchObject({ minArea: 0.5 });
  });

  it('is nothing for validation, and for training without a crop', () => {
    const plan = planEvaluation(image, paper);
    expect(plan).toMatchObject({ resized: { height: 256, width: 341 }, top: 16, left: 58, flip: false });
    const none = settingsOf({ augmentation: 'none' });
    expect(drawAugmentation(image, none, { seed: 0, epoch: 0, sample: 0 })).toEqual(plan);
  });
});

/** Cosine of the turn of a hue: the trace of its matrix is 1 + 2 cos, whatever the axis. */
function hueCosine(pixel: readonly (readonly number[])[]): number {
  const trace = pixel.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  return Math.min(1, (trace - 1) / 2);
}
