import { beforeAll, describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';
import type { Simulation, SimulationOptions } from './simulation.ts';

const options: SimulationOptions = {
  seed: 2,
  trials: 8,
  policy: { autoscaling: { min: 1, max: 8 }, stopping: { algorithm: 'asha', reductionFactor: 3 } },
  // Machines that live for as long as a few epochs take.
  pool: { gpusPerNode: 2, maxNodes: 3, meanLifeHours: 0.3 },
};

describe('a simulated cluster', () => {
  let simulation: Simulation;
  beforeAll(async () => {
    simulation = await simulate(options);
  });

  it('loses no trial and runs none twice, whatever machines are taken away', () => {
    expect(simulation).toMatchObject({ lost: 0, madeTwice: 0, twins: 0 });
    expect(simulation.spotKills).toBeGreaterThan(0);
    expect(simulation.trainedAgainGpuHours).toBeGreaterThan(0);
  });

  it('follows from its seed', async () => {
    expect(await simulate(options)).toEqual(simulation);
  });

  it('moves the last trainer of a machine to another when it may, and trains nothing again for it', async () => {
    const pool = { gpusPerNode: 3, maxNodes: 2, meanLifeHours: 1000 };
    const policy = { parallelism: 4, disruption: 'Allow' } as const;
    expect(await simulate({ ...options, trials: 4, pool, policy })).toMatchObject({
      moves: 1,
      trainedToTheEnd: 4,
      trainedAgainGpuHours: 0,
      twins: 0,
    });
  });

  it('trains every trial to its end and pays for it when none is stopped', async () => {
    const whole = await simulate({ ...options, trials: 2, policy: { parallelism: 2 } });
    expect(whole.trainedToTheEnd).toBe(2);
    // 27 epochs of 4 minutes, each trial up to a fifth slower or faster.
    const hoursPerTrial = (whole.usedGpuHours - whole.trainedAgainGpuHours) / 2;
    expect(hoursPerTrial).toBeGreaterThan((27 * 4 * 0.8) / 60);
    expect(hoursPerTrial).toBeLessThan((27 * 4 * 1.2) / 60);
    expect(whole.paidGpuHours).toBeGreaterThan(whole.usedGpuHours);
  });
});
