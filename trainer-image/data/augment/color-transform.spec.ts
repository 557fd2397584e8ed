import { describe, expect, it } from 'vitest';
import { imageNetMean, imageNetStd } from './augmentation-settings.ts';
import {
  applyBrightness,
  applyContrast,
  applyHue,
  applyNormalization,
  applySaturation,
  applyShift,
  greyWeights,
  pcaShift,
  unchangedColor,
  type ColorTransform,
} from './color-transform.ts';
import { addVectors, dot3, transform3, type Vector3 } from './matrix3.ts';

/** What becomes of a pixel in an image of this mean. */
function colorOf(
  { pixel, mean, offset }: ColorTransform,
  value: Vector3,
  imageMean: Vector3 = value,
): Vector3 {
  return addVectors(addVectors(transform3(pixel, value), transform3(mean, imageMean)), offset);
}
const orange: Vector3 = [200, 100, 50];
const expectColor = (actual: Vector3, expected: Vector3, digits = 6) => {
  for (const [channel, value] of expected.entries()) expect(actual[channel]).toBeCloseTo(value, digits);
};

describe('colours of the pixel 200, 100, 50', () => {
  it('have the grey 124.2', () => {
    expect(dot3(greyWeights, orange)).toBeCloseTo(124.2, 10);
  });

  it.each<[number, Vector3]>([
    [0.6, [169.68, 109.68, 79.68]],
    [1.4, [230.32, 90.32, 20.32]],
  ])('change by saturation %f', (coefficient, expected) => {
    expectColor(colorOf(applySaturation(unchangedColor, coefficient), orange), expected);
  });

  it.each<[number, Vector3]>([
    [0.6, [120, 60, 30]],
    // Not clipped: what comes after may bring it back.
    [1.4, [280, 140, 70]],
  ])('change by brightness %f', (coefficient, expected) => {
    expectColor(colorOf(applyBrightness(unchangedColor, coefficient), orange), expected);
  });

  it('blend by contrast with the mean grey of the image, as it is then', () => {
    const mean: Vector3 = [100, 100, 100];
    expectColor(colorOf(applyContrast(unchangedColor, 0.6), orange, mean), [160, 100, 70]);
    // Twice as bright before: so is the mean.
    const brighter = applyContrast(applyBrightness(unchangedColor, 2), 0.6);
    expectColor(colorOf(brighter, orange, mean), [320, 200, 140]);
    const shifted = applyContrast(applyShift(unchangedColor, [10, 10, 10]), 0.6);
    expectColor(colorOf(shifted, orange, mean), [170, 110, 80]);
  });

  it('keep their luminance when the hue turns, and come back after a full turn', () => {
    // The constants of YIQ have three digits, so nearly.
    expectColor(colorOf(applyHue(unchangedColor, 1), orange), orange, 0);
    for (const coefficient of [0.6, 0.9, 1.2, 1.4]) {
      const turned = colorOf(applyHue(unchangedColor, coefficient), orange);
      expect(Math.abs(dot3(greyWeights, turned) - 124.2)).toBeLessThan(0.5);
    }
    expectColor(colorOf(applyHue(unchangedColor, 3), orange), colorOf(applyHue(unchangedColor, 1), orange));
  });

  it('leave grey grey under every change of saturation and hue', () => {
    const changed = applyHue(applySaturation(unchangedColor, 1.4), 0.7);
    for (const value of colorOf(changed, [90, 90, 90])) expect(Math.abs(value - 90)).toBeLessThan(0.5);
  });
});

describe('PCA noise', () => {
  it.each<[Vector3, Vector3]>([
    [
      [0.1, 0.1, 0.1],
      [-2.7565472, -3.3167213, -3.5214823],
    ],
    [
      [0.1, 0, 0],
      [-3.147355, -3.2211168, -3.2366456],
    ],
    [
      [-0.05, 0.2, 0.15],
      [2.3322814, 1.466073, 1.0245242],
    ],
  ])('of the coefficients %j shifts every pixel alike', (coefficients, expected) => {
    expectColor(pcaShift(coefficients), expected);
  });
});

describe('normalisation by the constants of ImageNet', () => {
  it('maps 0 and 255', () => {
    const normalized = applyNormalization(unchangedColor, imageNetMean, imageNetStd);
    expectColor(colorOf(normalized, [0, 0, 0]), [-2.1180621, -2.0444503, -1.811573]);
    expectColor(colorOf(normalized, [255, 255, 255]), [2.2488997, 2.4198354, 2.6328715]);
  });
});
