import { simulate, type Simulation } from './simulate.ts';
import { compare, describeComparison, drawTable } from './summary.ts';

export interface AutoscalingOptions {
  readonly firstSeed: number;
  /** How many seeds, from the first on. */
  readonly seeds: number;
  readonly report: (line: string) => void;
}

const trials = 100;
/** Eight machines of eight GPUs, spot: most clouds sell GPUs in eights. */
const pool = { gpusPerNode: 8, maxNodes: 8, meanLifeHours: 6 };
/** As wide as the cluster takes: the sweep finds out how many that are. */
const autoscaling = { min: 1, max: trials };

/**
 * What a person may write into a manifest who does not know what the cluster will take. Fixed numbers: a round one, one
 * machine's worth, and all GPUs that there can ever be.
 */
const policies: Readonly<Record<string, object>> = {
  'fixed, 10': { parallelism: 10 },
  'fixed, 8': { parallelism: 8 },
  'fixed, 64': { parallelism: 64 },
  autoscaled: { autoscaling },
  'autoscaled, asha': {
    autoscaling,
    stopping: { algorithm: 'asha', minEpochs: 1, reductionFactor: 3 },
  },
};

/** Every policy with every seed: the same trials, the same machines and the same spot market for all. */
export async function benchAutoscaling({ firstSeed, seeds, report }: AutoscalingOptions): Promise<unknown> {
  const results: Record<string, Simulation[]> = Object.fromEntries(
    Object.keys(policies).map((name) => [name, []]),
  );
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    for (const [name, policy] of Object.entries(policies)) {
      const simulation = await simulate({ seed, trials, policy, pool });
      results[name]?.push(simulation);
      const { makespanHours, paidGpuHours, usedGpuHours } = simulation;
      report(
        `seed ${seed}  ${name.padEnd(16)}  ${makespanHours.toFixed(2)} h, paid ${paidGpuHours.toFixed(0)}, used ${usedGpuHours.toFixed(0)} GPU-h`,
      );
    }
  }
  const fixed = Object.keys(policies).filter((name) => name.startsWith('fixed'));
  const comparisons = ['autoscaled', 'autoscaled, asha'].flatMap((policy) =>
    fixed.map((against) => compare(results, policy, against)),
  );
  for (const line of [...drawTable(results), ...comparisons.map(describeComparison)]) report(line);
  const all = Object.values(results).flat();
  const wrong = {
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    madeTwice: all.reduce((sum, { madeTwice }) => sum + madeTwice, 0),
    twins: all.reduce((sum, { twins }) => sum + twins, 0),
  };
  report(
    `trials lost: ${wrong.lost}, runs made twice: ${wrong.madeTwice}, trainers of one trial at the same time: ${wrong.twins}`,
  );
  return { trials, pool, policies, firstSeed, seeds, ...wrong, comparisons, results };
}
