/** One half of a data set as the network gets it: the training images or the validation images. */
export interface ImagePart {
  readonly count: number;
  /** What the fingerprint of the data is made of: the same for equal data wherever it lies. Plain JSON. */
  readonly identity: unknown;
  /**
   * Images, normalised, one after the other, height x width x channels, with the class of each.
   * @param samples numbers from 0 to count - 1
   * @param epoch the epoch whose random changes they get; undefined for none, as in validation
   * @param spare memory that may be used for the images
   */
  load(samples: readonly number[], epoch: number | undefined, spare?: Float32Array): Promise<LoadedImages>;
}

export interface LoadedImages {
  readonly images: Float32Array;
  readonly labels: readonly number[];
}
