import type { ImageExtent } from './crop-window.ts';

/** How an image is measured that nothing is drawn for: resized by its short side, then cut out of the centre. */
export interface CenterCrop {
  /** Extent of the whole image after resizing. */
  readonly resized: ImageExtent;
  /** Upper left corner of the square that is cut out of it. */
  readonly top: number;
  readonly left: number;
}

/** Short side before the crop: the crop is 0.875 of it, as in the paper (224 of 256). */
export function shortSideFor(imageSize: number): number {
  return Math.ceil(imageSize / 0.875);
}

/**
 * The crop of the paper's validation. Sizes round as torchvision's do: the long side down, a corner on half a pixel to
 * the even neighbour.
 * @param shortSide at least `imageSize`
 */
export function centerCrop({ height, width }: ImageExtent, shortSide: number, imageSize: number): CenterCrop {
  const resized =
    width <= height
      ? { height: Math.floor((shortSide * height) / width), width: shortSide }
      : { height: shortSide, width: Math.floor((shortSide * width) / height) };
  return {
    resized,
    top: roundHalfToEven((resized.height - imageSize) / 2),
    left: roundHalfToEven((resized.width - imageSize) / 2),
  };
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
