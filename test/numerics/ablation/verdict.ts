import type { Claim } from './studies.ts';

/** Top-1 in percent of each row, by seed in the same order. */
export type Results = Readonly<Record<string, readonly number[]>>;

/** Mean of numbers and half of its 95 % interval by Student's t. */
export function meanInterval(values: readonly number[]): { mean: number; halfWidth: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return { mean, halfWidth: (quantile(values.length - 1) * deviation) / Math.sqrt(values.length) };
}

/** The differences of two rows, seed by seed. */
export function pairedDifferences(results: Results, row: string, other: string): number[] {
  return (results[row] ?? []).map((value, seed) => value - (results[other]?.[seed] ?? NaN));
}

/** Whether a claim holds of the means. */
export function holds(results: Results, claim: Claim): boolean {
  const { mean } = meanInterval(pairedDifferences(results, claim.row, claim.other));
  return claim.kind === 'beats' ? mean > 0 : Math.abs(mean) <= claim.points;
}

/** The 0.975 quantile of Student's t distribution for few degrees of freedom. */
function quantile(degrees: number): number {
  const table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
  return table[degrees - 1] ?? (degrees < 1 ? NaN : 1.96);
}
