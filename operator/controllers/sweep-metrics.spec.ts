import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus } from '../api/v1alpha1/training-sweep-status.ts';
import { searchManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import { SweepModel } from '../plan/testing/sweep-model.ts';
import { createSweepMetrics } from './sweep-metrics.ts';

const changedAt = '2026-01-01T00:00:00Z';
const status: TrainingSweepStatus = {
  phase: 'Running',
  limitedBy: 'MaxParallelism',
  counts: { paused: 0, stopped: 0, succeeded: 1, failed: 0, done: 1, total: 8 },
  best: { trial: 'tricks-0', index: 0, value: 0.81 },
  gpuHours: 0.5,
  trials: [
    { index: 0, phase: 'Succeeded', changedAt },
    { index: 1, phase: 'Active', changedAt },
    { index: 2, phase: 'Active', changedAt },
  ],
};

it('sweeps are counted by phase, and each has its own series until it is finished', async () => {
  const { sweep } = new SweepModel(searchManifest());
  const registry = new Registry();
  let sweeps: TrainingSweep[] = [{ ...sweep, status }];
  createSweepMetrics(registry).observe(() => sweeps);
  const lines = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const id = `namespace="${sweep.metadata.namespace ?? 'default'}",sweep="${sweep.metadata.name}"`;
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'ringmaster_sweeps{phase="Running"} 1',
      'ringmaster_sweeps{phase="Failed"} 0',
      `ringmaster_sweep_trials{${id},phase="Active"} 2`,
      `ringmaster_sweep_trials{${id},phase="Failed"} 0`,
      `ringmaster_sweep_limited{${id},by="MaxParallelism"} 1`,
      `ringmaster_sweep_planned_trials{${id}} 8`,
      `ringmaster_sweep_best_objective{${id}} 0.81`,
      `ringmaster_sweep_gpu_seconds_total{${id}} 1800`,
    ]),
  );
  sweeps = [{ ...sweep, status: { ...status, phase: 'Succeeded' } }];
  expect(await lines()).toContain('ringmaster_sweeps{phase="Succeeded"} 1');
  expect((await lines()).filter((line) => line.includes('sweep="'))).toEqual([]);
});
