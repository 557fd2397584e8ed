import type { CounterRandom } from '../random.ts';

/** Height and width in pixels. */
export interface ImageExtent {
  readonly height: number;
  readonly width: number;
}

/** A rectangle of whole pixels inside an image. */
export interface CropWindow extends ImageExtent {
  readonly top: number;
  readonly left: number;
}

/** Which windows a random resized crop may draw. */
export interface CropRange {
  /** Share of the image's area, above 0 and at most 1. */
  readonly minArea: number;
  readonly maxArea: number;
  /** Width by height. */
  readonly minAspect: number;
  readonly maxAspect: number;
  /** Uniform in the aspect itself, or in its logarithm, which has 3/4 as often as 4/3. The paper does not say. */
  readonly aspect: 'uniform' | 'log-uniform';
}

/** Draws before the largest centred window is taken: torchvision's number, and MXNet's. */
const attempts = 10;

/** The window of a share of the area and an aspect, which may be larger than the image. */
export function windowExtent({ height, width }: ImageExtent, area: number, aspect: number): ImageExtent {
  const target = height * width * area;
  return {
    height: Math.round(Math.sqrt(target / aspect)),
    width: Math.round(Math.sqrt(target * aspect)),
  };
}

/** Draws area, aspect and place; after ten windows that do not fit, takes the largest that is allowed, centred. */
export function drawCropWindow(image: ImageExtent, range: CropRange, random: CounterRandom): CropWindow {
  const { minArea, maxArea, minAspect, maxAspect } = range;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const area = minArea + (maxArea - minArea) * random.uniform();
    const drawn = random.uniform();
    const aspect =
      range.aspect === 'uniform'
        ? minAspect + (maxAspect - minAspect) * drawn
        : minAspect * (maxAspect / minAspect) ** drawn;
    const { height, width } = windowExtent(image, area, aspect);
    if (height < 1 || width < 1 || height > image.height || width > image.width) continue;
    return {
      top: random.integer(image.height - height + 1),
      left: random.integer(image.width - width + 1),
      height,
      width,
    };
  }
  return largestCentred(image, minAspect, maxAspect);
}

function largestCentred(image: ImageExtent, minAspect: number, maxAspect: number): CropWindow {
  const aspect = image.width / image.height;
  const height = aspect < minAspect ? Math.round(image.width / minAspect) : image.height;
  const width = aspect > maxAspect ? Math.round(image.height * maxAspect) : image.width;
  const inside = { height: Math.max(1, height), width: Math.max(1, width) };
  return {
    top: Math.floor((image.height - inside.height) / 2),
    left: Math.floor((image.width - inside.width) / 2),
    ...inside,
  };
}
