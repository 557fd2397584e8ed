import { farthestApartMs, untilTheFirstRestart } from './moments-apart.ts';
import { runOnControlPlane } from './run-on-control-plane.ts';
import { simulateEvents } from './simulate.ts';
import type { SimulationOptions } from './simulation.ts';

/** So many times as fast as in reality. What the operator and the scheduler take counts as so many times as much. */
const speed = 60;
const timeoutMs = 9 * 60_000;
/** How far the two may be apart, as a share of what was simulated. */
const tolerance = 0.15;
/** How far the n-th beginning and the n-th end of a trainer may be apart. */
const eventToleranceMs = 20 * 60_000;

interface Scenario {
  readonly name: string;
  readonly options: SimulationOptions;
  /** Whether moments are compared to the end, or until a trainer begins again after a loss. */
  readonly momentsToTheEnd: boolean;
}

const common = {
  trials: 12,
  policy: { autoscaling: { min: 1, max: 12 } },
  pool: { gpusPerNode: 2, maxNodes: 3, meanLifeHours: 6 },
};

/**
 * 12 trials on up to six GPUs of three machines, of which the spot market takes one. While trials wait, whether a new trial
 * or a lost one gets the next machine hangs on where in its rounds of trying one trial more the sweep is, and the two have
 * not equally much to train: then only what it all comes to is compared.
 */
const scenarios: readonly Scenario[] = [
  {
    name: 'a machine is lost after 80 minutes, while trials wait',
    options: { seed: 3, ...common },
    momentsToTheEnd: false,
  },
  {
    name: 'a machine is lost after 170 minutes, when all trials have begun',
    options: { seed: 12, ...common },
    momentsToTheEnd: true,
  },
];

/**
 * Whether a sweep on a real control plane goes as the simulation says. The simulation is told which of several waiting
 * trials the real scheduler took first: that is the scheduler's free choice, and trials do not take equally long.
 */
export async function benchSimulation(report: (line: string) => void): Promise<unknown> {
  const results: unknown[] = [];
  for (const { name, options, momentsToTheEnd } of scenarios) {
    report(`${name}:`);
    const real = await runOnControlPlane(options, speed, timeoutMs);
    report(`on a control plane: ${JSON.stringify(real.result)}`);
    const order = real.events.filter(({ what }) => what === 'begins').map(({ trial }) => trial);
    report(`its trials began in this order: ${order.join(' ')}`);
    const simulated = await simulateEvents(options, order);
    report(`simulated: ${JSON.stringify(simulated.result)}`);
    const ratios = {
      makespan: real.result.makespanHours / simulated.result.makespanHours,
      paid: real.result.paidGpuHours / simulated.result.paidGpuHours,
      used: real.result.usedGpuHours / simulated.result.usedGpuHours,
    };
    const latestMs = momentsToTheEnd
      ? farthestApartMs(simulated.events, real.events)
      : farthestApartMs(untilTheFirstRestart(simulated.events), untilTheFirstRestart(real.events));
    const { lost, madeTwice, twins } = real.result;
    const isAsSimulated =
      Object.values(ratios).every((ratio) => Math.abs(ratio - 1) <= tolerance) &&
      latestMs <= eventToleranceMs &&
      lost + madeTwice + twins === 0;
    report(
      `on a control plane against simulated: makespan ${ratios.makespan.toFixed(3)}, paid ${ratios.paid.toFixed(3)}, used ${ratios.used.toFixed(3)}; beginnings and ends of trainers${momentsToTheEnd ? '' : ' before the loss'} at most ${(latestMs / 60_000).toFixed(1)} min apart`,
    );
    if (!isAsSimulated) {
      report('they are further apart than they may be');
      process.exitCode = 1;
    }
    results.push({ name, options, order, ratios, latestMs, isAsSimulated, simulated, real });
  }
  return { speed, tolerance, eventToleranceMs, scenarios: results };
}
