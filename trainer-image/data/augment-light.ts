import type { CounterRandom } from './random.ts';

/** What happens to one small image: a window of its own size into the padded image, and a mirror. */
export interface CropAndFlip {
  /** Upper left corner of the window, in pixels of the image without padding; negative inside the padding. */
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/** The whole image as it is: what evaluation sees. */
export const unchanged: CropAndFlip = { top: 0, left: 0, flip: false };

/**
 * Pixels of padding on each side: 4 for 32 x 32 and larger (He et al. 2015, section 4.2), 2 for smaller ones,
 * which the pilot on 28 x 28 used.
 */
export function cropPadding(imageSize: number): number {
  return imageSize < 32 ? 2 : 4;
}

/** Draws window and mirror, each possibility as likely as any other. */
export function drawCropAndFlip(imageSize: number, random: CounterRandom): CropAndFlip {
  const padding = cropPadding(imageSize);
  return {
    top: random.integer(2 * padding + 1) - padding,
    left: random.integer(2 * padding + 1) - padding,
    flip: random.integer(2) === 1,
  };
}

/** An image in a larger array, and the table that normalises it. */
export interface SourceImage {
  readonly pixels: Uint8Array;
  readonly offset: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** As {@link normalizationTable} makes it. */
  readonly table: Float32Array;
}

/**
 * Writes the normalised window to `output` from `outputOffset` on, as height x width x channels.
 * The padding is black before normalisation, like the background of the images.
 */
export function copyCropped(
  { pixels, offset, height, width, channels, table }: SourceImage,
  { top, left, flip }: CropAndFlip,
  output: Float32Array,
  outputOffset: number,
): void {
  let target = outputOffset;
  for (let row = 0; row < height; row += 1) {
    const sourceRow = row + top;
    const rowInside = sourceRow >= 0 && sourceRow < height;
    for (let column = 0; column < width; column += 1) {
      const sourceColumn = left + (flip ? width - 1 - column : column);
      const inside = rowInside && sourceColumn >= 0 && sourceColumn < width;
      const source = offset + (sourceRow * width + sourceColumn) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        const value = inside ? (pixels[source + channel] ?? 0) : 0;
        output[target] = table[channel * 256 + value] ?? 0;
        target += 1;
      }
    }
  }
}
