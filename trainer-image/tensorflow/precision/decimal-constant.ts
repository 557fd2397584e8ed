/**
 * The number that was most likely meant by a float32: the shortest decimal that rounds to it. Constants of a recipe,
 * such as a momentum of 0.9, are recorded in float32; for a float64 computation their 24 bits would be too few.
 */
export function shortestDecimal(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return value;
}
