import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { Ablation, Objective } from '../api/v1alpha1/training-sweep-spec.ts';
import type { TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { lossOf } from './objective.ts';
import { studentQuantile } from './student.ts';

/** Whether a row differs from the baseline, as far as its interval tells. */
export type Verdict = 'better' | 'worse' | 'cannot be told apart' | 'too few seeds';

/** One line of the table of an ablation. */
export interface Answer {
  readonly row: string;
  /** The objective of each seed, `undefined` where the trial has none. */
  readonly values: readonly (number | undefined)[];
  readonly mean?: number;
  /** With n - 1 in the denominator; absent of fewer than two values. */
  readonly standardDeviation?: number;
  /** Against the first row, seed by seed; absent of the first row itself. */
  readonly difference?: Difference;
}

export interface Difference {
  /** Seeds that both rows have. */
  readonly pairs: number;
  readonly mean?: number;
  /** Ends of the 95 % confidence interval of the mean, by Student's t. */
  readonly interval?: readonly [number, number];
  readonly verdict: Verdict;
}

/** The table that answers the question of an ablation. Trials that did not train to their end count for nothing. */
export function answersOf({ spec, status }: TrainingSweep): Answer[] {
  const { ablation, objective } = spec;
  if (ablation === undefined) return [];
  const byRow = ablation.rows.map((_, row) => valuesOf(ablation, row, status?.trials ?? []));
  const baseline = byRow[0] ?? [];
  return ablation.rows.map(({ name }, index) => {
    const values = byRow[index] ?? [];
    return {
      row: name,
      values,
      ...momentsOf(values.filter((value) => value !== undefined)),
      ...(index === 0 ? {} : { difference: differenceOf(values, baseline, objective) }),
    };
  });
}

function valuesOf(
  { rows, seeds }: Ablation,
  row: number,
  trials: readonly TrialRow[],
): (number | undefined)[] {
  return seeds.map((_, seed) => {
    const trial = trials[seed * rows.length + row];
    return trial?.phase === 'Succeeded' ? trial.value : undefined;
  });
}

function momentsOf(values: readonly number[]): { mean?: number; standardDeviation?: number } {
  const count = values.length;
  if (count === 0) return {};
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardDeviation: Math.sqrt(squares / (count - 1)) };
}

function differenceOf(
  values: readonly (number | undefined)[],
  baseline: readonly (number | undefined)[],
  objective: Objective,
): Difference {
  const differences = values.flatMap((value, seed) => {
    const base = baseline[seed];
    return value === undefined || base === undefined ? [] : [value - base];
  });
  const { mean, standardDeviation } = momentsOf(differences);
  const pairs = differences.length;
  if (mean === undefined) return { pairs, verdict: 'too few seeds' };
  if (standardDeviation === undefined) return { pairs, mean, verdict: 'too few seeds' };
  const half = (studentQuantile(pairs - 1) * standardDeviation) / Math.sqrt(pairs);
  const interval = [mean - half, mean + half] as const;
  const isBetter = lossOf(objective, mean) < 0;
  const verdict =
    interval[0] <= 0 && interval[1] >= 0 ? 'cannot be told apart' : isBetter ? 'better' : 'worse';
  return { pairs, mean, interval, verdict };
}
