/** Images of one size with their classes, all in memory. */
export interface ImageSet {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** NHWC, 0 to 255. */
  readonly pixels: Uint8Array;
  /** Class of each image, from 0. */
  readonly labels: Uint8Array;
}
