/** Constants of normalisation on the scale 0 to 255, one for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** `(value - mean) / std` of each of the 256 values a pixel can have: `table[channel x 256 + value]`. */
export function normalizationTable({ mean, std }: Normalization): Float32Array {
  return Float32Array.from(
    { length: mean.length * 256 },
    (_, index) => ((index % 256) - (mean[index >> 8] ?? 0)) / (std[index >> 8] ?? 1),
  );
}
