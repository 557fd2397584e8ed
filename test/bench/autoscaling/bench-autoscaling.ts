import { simulate } from './simulate.ts';
import type { Simulation, SimulationOptions } from './simulation.ts';
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
const policies: Readonly<Record<string, SimulationOptions['policy']>> = {
  'fixed, 10': { parallelism: 10, disruption: 'Allow' },
  'fixed, 8': { parallelism: 8, disruption: 'Allow' },
  'fixed, 64': { parallelism: 64, disruption: 'Allow' },
  autoscaled: { autoscaling, disruption: 'Allow' },
  'autoscaled, asha': {
    autoscaling,
    disruption: 'Allow',
    stopping: { algorithm: 'asha', minEpochs: 1, reductionFactor: 3 },
  },
  // What it costs that no trainer may be moved: the default.
  'autoscaled, protected': { autoscaling },
};

/**
 * Who must be sooner and cheaper than whom. Of the numbers that a person may fix, 64 is as wide as the cluster can ever
 * be and 8 fills one machine to the last minute, so that in one of the two nobody can be better than either.
 */
const promises = [
  { policy: 'autoscaled', against: 'fixed, 10' },
  ...['fixed, 10', 'fixed, 8', 'fixed, 64'].map((against) => ({ policy: 'autoscaled, asha', against })),
];

/**
 * Every policy with every seed: the same trials, the same machines and the same spot market for all. Sets the exit code to
 * 1 when a trial is lost or doubled, or, with two seeds or more, when a promise is not kept.
 */
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
  const comparisons = [
    ...['autoscaled', 'autoscaled, asha'].flatMap((policy) =>
      fixed.map((against) => compare(results, policy, against)),
    ),
    compare(results, 'autoscaled', 'autoscaled, protected'),
  ];
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
  const broken = promises.filter(
    ({ policy, against }) =>
      seeds > 1 &&
      !comparisons.some((one) => one.policy === policy && one.against === against && one.winsOnBoth),
  );
  for (const { policy, against } of broken)
    report(`BROKEN: ${policy} does not win on both against ${against}`);
  if (broken.length + wrong.lost + wrong.madeTwice + wrong.twins > 0) process.exitCode = 1;
  return { trials, pool, policies, firstSeed, seeds, ...wrong, broken, comparisons, results };
}
