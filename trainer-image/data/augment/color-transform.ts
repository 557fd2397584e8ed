import {
  add3,
  addVectors,
  diagonal3,
  dot3,
  identity3,
  multiply3,
  scale3,
  transform3,
  zero3,
  type Matrix3,
  type Vector3,
} from './matrix3.ts';

/*
 * Every change of colour in the recipe is linear in the pixel, apart from contrast, which also needs the mean of the
 * image. So a whole chain of them is one 3x3 matrix, one more for the mean, and an offset, however many there are and in
 * whatever order, and costs one pass over the pixels. Values are on the scale 0 to 255 and are not clipped in between:
 * neither does the published code, which works on floats here.
 */

/** What becomes of a pixel x in an image whose mean pixel is m: `pixel x + mean m + offset`. */
export interface ColorTransform {
  readonly pixel: Matrix3;
  readonly mean: Matrix3;
  readonly offset: Vector3;
}

export const unchangedColor: ColorTransform = { pixel: identity3, mean: zero3, offset: [0, 0, 0] };

/** Weights of red, green and blue in grey (ITU-R BT.601). */
export const greyWeights: Vector3 = [0.299, 0.587, 0.114];
const greyMatrix: Matrix3 = [greyWeights, greyWeights, greyWeights];

// From MXNet's HueJitterAug (python/mxnet/image/image.py), by the authors of the paper, which does not define hue.
const toYiq: Matrix3 = [
  [0.299, 0.587, 0.114],
  [0.596, -0.274, -0.321],
  [0.211, -0.523, 0.311],
];
const fromYiq: Matrix3 = [
  [1.0, 0.956, 0.621],
  [1.0, -0.272, -0.647],
  [1.0, -1.107, 1.705],
];

/** Eigenvectors, one a column, and eigenvalues of the colours of ImageNet, on the scale 0 to 255. */
export const pcaEigenvectors: Matrix3 = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
];
export const pcaEigenvalues: Vector3 = [55.46, 4.794, 1.148];

export function applyBrightness(transform: ColorTransform, coefficient: number): ColorTransform {
  return applyMatrix(transform, scale3(coefficient, identity3));
}

/** Blends with the pixel's own grey. */
export function applySaturation(transform: ColorTransform, coefficient: number): ColorTransform {
  return applyMatrix(transform, add3(scale3(coefficient, identity3), scale3(1 - coefficient, greyMatrix)));
}

/** Turns the colour by (coefficient - 1) half turns in the plane of I and Q. */
export function applyHue(transform: ColorTransform, coefficient: number): ColorTransform {
  const angle = (coefficient - 1) * Math.PI;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turn: Matrix3 = [
    [1, 0, 0],
    [0, cos, -sin],
    [0, sin, cos],
  ];
  return applyMatrix(transform, multiply3(fromYiq, multiply3(turn, toYiq)));
}

/** Blends with the mean grey of the image as it is then. */
export function applyContrast({ pixel, mean, offset }: ColorTransform, coefficient: number): ColorTransform {
  const rest = 1 - coefficient;
  const greyOffset = rest * dot3(greyWeights, offset);
  return {
    pixel: scale3(coefficient, pixel),
    mean: add3(scale3(coefficient, mean), scale3(rest, multiply3(greyMatrix, add3(pixel, mean)))),
    offset: addVectors(
      [coefficient * offset[0], coefficient * offset[1], coefficient * offset[2]],
      [greyOffset, greyOffset, greyOffset],
    ),
  };
}

/** What PCA noise (Krizhevsky et al. 2012, section 4.1) adds to every pixel, for a coefficient of each component. */
export function pcaShift(coefficients: Vector3): Vector3 {
  const [a, b, c] = pcaEigenvalues;
  return transform3(pcaEigenvectors, [a * coefficients[0], b * coefficients[1], c * coefficients[2]]);
}

export function applyShift(transform: ColorTransform, shift: Vector3): ColorTransform {
  return { ...transform, offset: addVectors(transform.offset, shift) };
}

/** `(value - mean) / std`, channel by channel. */
export function applyNormalization(transform: ColorTransform, mean: Vector3, std: Vector3): ColorTransform {
  const scale = diagonal3([1 / std[0], 1 / std[1], 1 / std[2]]);
  return applyMatrix(applyShift(transform, [-mean[0], -mean[1], -mean[2]]), scale);
}

function applyMatrix({ pixel, mean, offset }: ColorTransform, matrix: Matrix3): ColorTransform {
  return {
    pixel: multiply3(matrix, pixel),
    mean: multiply3(matrix, mean),
    offset: transform3(matrix, offset),
  };
}
