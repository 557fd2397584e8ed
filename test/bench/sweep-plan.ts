import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import { planSweep } from '../../operator/plan/sweep-plan.ts';
import { SweepModel, type Course } from '../../operator/plan/testing/sweep-model.ts';

interface PlanTimes {
  readonly search: string;
  readonly trials: number;
  readonly plans: number;
  /** Processor time. */
  readonly meanMs: number;
  readonly worstMs: number;
  /** Of the whole status at the end. */
  readonly statusBytes: number;
}

const searches: Readonly<Record<string, object>> = {
  random: {},
  tpe: { search: { algorithm: 'tpe' } },
  'random, asha': { stopping: { algorithm: 'asha', minEpochs: 1, reductionFactor: 3 } },
  'random, median': { stopping: { algorithm: 'median' } },
};
const sizes = [100, 1000] as const;
/** Ten times as many trials may take so many times as long: twice what they would if every row took the same, and a fifth of what pairs of rows would. */
const mostTimesAsLong = 20;

const byRate: Course = ({ spec }, epoch) =>
  0.9 - 0.1 * Math.abs(Math.log10((spec.recipe.learningRate?.base ?? 1) / 0.1)) - 0.2 / epoch;

/** How long deciding takes in the whole life of a sweep, 50 trials at a time. Sets the exit code to 1 when it grows with the square of the trials. */
export function benchSweepPlan(report: (line: string) => void): readonly PlanTimes[] {
  return Object.entries(searches).flatMap(([search, spec]) => {
    // The first is for the just-in-time compiler.
    const [, small, large] = [sizes[0], ...sizes].map((trials) => planTimes(search, spec, trials));
    if (small === undefined || large === undefined) return [];
    const times = large.meanMs / small.meanMs;
    for (const { trials, plans, meanMs, worstMs, statusBytes } of [small, large])
      report(
        `${search.padEnd(16)} ${trials} trials: ${plans} plans of ${meanMs.toFixed(1)} ms, at most ${worstMs.toFixed(1)} ms; status ${statusBytes} bytes`,
      );
    if (times > mostTimesAsLong) {
      report(`BROKEN: ten times as many trials take ${times.toFixed(0)} times as long`);
      process.exitCode = 1;
    }
    return [small, large];
  });
}

function planTimes(search: string, spec: object, trials: number): PlanTimes {
  const model = new SweepModel(searchManifest({ maxTrials: trials, parallelism: 50, ...spec }), byRate);
  const durationsMs: number[] = [];
  while (model.status.phase !== 'Succeeded') {
    const { sweep, runs, nowMs } = model;
    const before = process.cpuUsage();
    planSweep({ sweep, runs, nowMs });
    const { user, system } = process.cpuUsage(before);
    durationsMs.push((user + system) / 1000);
    model.act();
    model.trainEpoch();
  }
  return {
    search,
    trials,
    plans: durationsMs.length,
    meanMs: durationsMs.reduce((sum, ms) => sum + ms, 0) / durationsMs.length,
    worstMs: Math.max(...durationsMs),
    statusBytes: Buffer.byteLength(JSON.stringify(model.status)),
  };
}
