import { runOnControlPlane } from './run-on-control-plane.ts';
import { simulateEvents } from './simulate.ts';
import type { TrialEvent } from './simulated-cluster.ts';
import type { SimulationOptions } from './simulation.ts';

/** So many times as fast as in reality. What the operator and the scheduler take counts as so many times as much. */
const speed = 60;
const timeoutMs = 9 * 60_000;
/** How far the two may be apart, as a share of what was simulated. */
const tolerance = 0.15;
/**
 * How far the n-th beginning and the n-th end of a trainer may be apart. Which trial it is may differ: of those that wait
 * for a machine the real scheduler takes one, and the operator makes pods side by side.
 */
const eventToleranceMs = 20 * 60_000;

const options: SimulationOptions = {
  seed: 3,
  trials: 12,
  policy: { autoscaling: { min: 1, max: 12 } },
  pool: { gpusPerNode: 2, maxNodes: 3, meanLifeHours: 6 },
};

/** Whether a sweep on a real control plane goes as the simulation says. */
export async function benchSimulation(report: (line: string) => void): Promise<unknown> {
  const simulated = await simulateEvents(options);
  report(`simulated: ${JSON.stringify(simulated.result)}`);
  const real = await runOnControlPlane(options, speed, timeoutMs);
  report(`on a control plane: ${JSON.stringify(real.result)}`);
  const ratios = {
    makespan: real.result.makespanHours / simulated.result.makespanHours,
    paid: real.result.paidGpuHours / simulated.result.paidGpuHours,
    used: real.result.usedGpuHours / simulated.result.usedGpuHours,
  };
  const latestMs = farthestApartMs(simulated.events, real.events);
  const { lost, madeTwice, twins } = real.result;
  const isAsSimulated =
    Object.values(ratios).every((ratio) => Math.abs(ratio - 1) <= tolerance) &&
    latestMs <= eventToleranceMs &&
    lost + madeTwice + twins === 0;
  report(
    `on a control plane against simulated: makespan ${ratios.makespan.toFixed(3)}, paid ${ratios.paid.toFixed(3)}, used ${ratios.used.toFixed(3)}; beginnings and ends of trainers at most ${(latestMs / 60_000).toFixed(1)} min apart`,
  );
  if (!isAsSimulated) {
    report('they are further apart than they may be');
    process.exitCode = 1;
  }
  return { options, speed, tolerance, eventToleranceMs, ratios, latestMs, simulated, real };
}

/** How far the n-th beginnings, or the n-th ends, are apart at most; infinitely when there are more of them in one. */
function farthestApartMs(events: readonly TrialEvent[], others: readonly TrialEvent[]): number {
  const moments = (of: readonly TrialEvent[], what: TrialEvent['what']) =>
    of.filter((event) => event.what === what).map(({ atMs }) => atMs);
  return Math.max(
    ...(['begins', 'ends'] as const).flatMap((what) => {
      const theirs = moments(others, what);
      const ours = moments(events, what);
      return ours.length === theirs.length
        ? ours.map((atMs, place) => Math.abs(atMs - (theirs[place] ?? Infinity)))
        : [Infinity];
    }),
  );
}
