import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Pod } from '../api/wire.ts';
import { besideStatus } from './beside-status.ts';
import { aFinishedPod, aRun, aRunningPod } from './testing/fixtures.ts';
import { after, names, plan, started } from './testing/plans.ts';

function parted(run: TrainingRun, pods: Pod[] = []) {
  const { beside, after: waiting } = besideStatus(plan(run, pods), run.status);
  return { beside: names(beside), after: names(waiting) };
}

describe('while the status is written', () => {
  it('the whole first attempt is made', () => {
    expect(parted(aRun())).toEqual({
      beside: ['create service digits', 'create digits-1-0', 'create digits-1-1'],
      after: [],
    });
  });

  it('only what every attempt needs is made of a later one', () => {
    const failed = [0, 1].map((index) => aFinishedPod(aRun(), 1, index, { exitCode: 70 }));
    const restarting = after(started(), { pods: failed });
    expect(restarting.status?.phase).toBe('Restarting');
    const later = { ...restarting, status: { ...restarting.status, nextAttemptAt: '2026-01-01T00:00:00Z' } };
    expect(parted(later, failed)).toEqual({
      beside: ['create service digits'],
      after: ['create digits-2-0', 'create digits-2-1'],
    });
  });

  it('nothing is done when something is to go', () => {
    const run = started();
    expect(parted(run, [aRunningPod(run, 3, 0)])).toEqual({
      beside: [],
      after: ['delete digits-3-0', 'create service digits'],
    });
  });
});
