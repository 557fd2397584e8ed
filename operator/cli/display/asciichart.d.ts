/** The package carries no types; this is the part of it that is used. */
declare module 'asciichart' {
  /** Draws series as lines of box characters, joined by line ends. Values must be finite. */
  export function plot(
    series: readonly (readonly number[])[],
    settings: {
      /** Rows between the lowest and the highest value. */
      readonly height: number;
      readonly min: number;
      readonly max: number;
      /** Escape sequence of each series' colour. */
      readonly colors: readonly string[];
      /** Label of a row on the axis. */
      readonly format: (value: number) => string;
    },
  ): string;
}
