import { studentQuantile } from '../../../operator/search/student.ts';
import type { Simulation } from './simulation.ts';

/** Simulations of each policy, in the order of the seeds. */
export type Results = Readonly<Record<string, readonly Simulation[]>>;

/** Mean of numbers and the ends of its 95 % interval by Student's t. */
interface Estimate {
  readonly mean: number;
  readonly interval: readonly [number, number];
}

/** How one policy does against another, seed by seed. */
export interface Comparison {
  readonly policy: string;
  readonly against: string;
  /** Differences of the means; below zero the first needs less. */
  readonly makespanHours: Estimate;
  readonly paidGpuHours: Estimate;
  /** Whether both intervals lie below zero. */
  readonly winsOnBoth: boolean;
}

export function estimate(values: readonly number[]): Estimate {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = count < 2 ? Infinity : studentQuantile(count - 1) * Math.sqrt(squares / (count - 1) / count);
  return { mean, interval: [mean - half, mean + half] };
}

export function compare(results: Results, policy: string, against: string): Comparison {
  const difference = (of: (simulation: Simulation) => number) =>
    estimate(
      (results[policy] ?? []).map((simulation, seed) => {
        const other = results[against]?.[seed];
        return other === undefined ? NaN : of(simulation) - of(other);
      }),
    );
  const makespanHours = difference((simulation) => simulation.makespanHours);
  const paidGpuHours = difference((simulation) => simulation.paidGpuHours);
  const winsOnBoth = makespanHours.interval[1] < 0 && paidGpuHours.interval[1] < 0;
  return { policy, against, makespanHours, paidGpuHours, winsOnBoth };
}

/** The table of the documentation, in Markdown. */
export function drawTable(results: Results): string[] {
  const figure = (
    simulations: readonly Simulation[],
    of: (simulation: Simulation) => number,
    digits: number,
  ): string => {
    const { mean, interval } = estimate(simulations.map(of));
    return `${mean.toFixed(digits)} ± ${(interval[1] - mean).toFixed(digits)}`;
  };
  const mean = (simulations: readonly Simulation[], of: (simulation: Simulation) => number) =>
    estimate(simulations.map(of)).mean;
  return [
    '| policy | makespan, h | paid, GPU-h | used, GPU-h | paid / used | spot kills | trained again, GPU-h | moves | behind the best, points |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries(results).map(([name, simulations]) => {
      const paid = mean(simulations, ({ paidGpuHours }) => paidGpuHours);
      const used = mean(simulations, ({ usedGpuHours }) => usedGpuHours);
      const cells = [
        name,
        figure(simulations, ({ makespanHours }) => makespanHours, 2),
        figure(simulations, ({ paidGpuHours }) => paidGpuHours, 0),
        figure(simulations, ({ usedGpuHours }) => usedGpuHours, 0),
        (paid / used).toFixed(2),
        mean(simulations, ({ spotKills }) => spotKills).toFixed(1),
        mean(simulations, ({ trainedAgainGpuHours }) => trainedAgainGpuHours).toFixed(2),
        mean(simulations, ({ moves }) => moves).toFixed(1),
        (100 * mean(simulations, ({ bestTop1, foundTop1 }) => bestTop1 - foundTop1)).toFixed(2),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

/** One line for people about a comparison. */
export function describeComparison({
  policy,
  against,
  makespanHours,
  paidGpuHours,
  winsOnBoth,
}: Comparison): string {
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`;
  const range = ({ mean, interval }: Estimate) =>
    `${signed(mean)} (${signed(interval[0])} to ${signed(interval[1])})`;
  return `${policy} against ${against}: makespan ${range(makespanHours)} h, paid ${range(paidGpuHours)} GPU-h${winsOnBoth ? ', wins on both' : ''}`;
}
