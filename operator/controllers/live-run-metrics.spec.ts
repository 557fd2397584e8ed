import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { aRun } from '../plan/testing/fixtures.ts';
import { registerLiveRunMetrics, unsavedIntervals } from './live-run-metrics.ts';

const savedAt = '2026-01-01T00:01:40Z';
const running: TrainingRunStatus = {
  phase: 'Running',
  restarts: { total: 2, charged: 1 },
  progress: { epoch: 2.5, epochs: 10, step: 250, steps: 1000, percent: 25, updatedAt: savedAt },
  checkpoint: { step: 200, epoch: 2, uri: '/a', savedAt },
};

function named(run: TrainingRun, name: string, more: Partial<TrainingRun['metadata']> = {}): TrainingRun {
  return { ...run, metadata: { ...run.metadata, ...more, name } };
}

async function page(runs: readonly TrainingRun[]): Promise<string[]> {
  const registry = new Registry();
  registerLiveRunMetrics(registry, () => runs);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the series of a live run', () => {
  it('tell its phase, sweep, progress, GPUs, failed attempts and newest checkpoint', async () => {
    const run = named(aRun({}, running), 'digits-3', { labels: { [labels.sweep]: 'digits' } });
    const id = 'namespace="vision",run="digits-3"';
    expect(await page([run])).toEqual([
      `ringmaster_run_phase{${id},sweep="digits",phase="Running"} 1`,
      `ringmaster_run_failed_attempts_total{${id}} 2`,
      `ringmaster_run_progress_ratio{${id}} 0.25`,
      `ringmaster_run_gpus{${id}} 4`,
      `ringmaster_run_last_checkpoint_timestamp_seconds{${id}} ${Date.parse(savedAt) / 1000}`,
      `ringmaster_run_unsaved_checkpoint_intervals{${id}} 0.5`,
    ]);
  });

  it('are gone once it is finished or deleted', async () => {
    const finished = (['Succeeded', 'Failed'] as const).map((phase) => aRun({}, { ...running, phase }));
    expect(await page(finished)).toEqual([]);
    const [registry, runs] = [new Registry(), [aRun({}, running)]];
    registerLiveRunMetrics(registry, () => runs);
    expect(await registry.metrics()).toContain('run="digits"');
    runs.pop();
    expect(await registry.metrics()).not.toContain('run="digits"');
  });

  it('are of runs of this operator only: nobody here can say how another goes', async () => {
    expect(await page([aRun({ managedBy: 'example.org/queue' })])).toEqual([]);
  });

  it('leave out what is not known yet', async () => {
    const lines = (await page([aRun()])).map((line) => line.replace(/\{.*/, ''));
    expect(lines).toEqual(['ringmaster_run_phase', 'ringmaster_run_failed_attempts_total']);
  });
});

describe('what a run would lose now', () => {
  const unsaved = (spec: Parameters<typeof aRun>[0], status: Partial<TrainingRunStatus>) =>
    unsavedIntervals(aRun(spec, { ...running, ...status }));
  const everySteps = { checkpoints: { uri: '/checkpoints', every: { steps: 20 } } };

  it('is measured in the interval that the run asks for, in epochs or steps', () => {
    expect(unsaved({}, {})).toBe(0.5);
    expect(unsaved(everySteps, {})).toBe(2.5);
  });

  it('begins with the run when nothing was saved yet', () => {
    const { checkpoint, ...unsavedYet } = running;
    expect(checkpoint).toBeDefined();
    expect(unsavedIntervals(aRun({}, unsavedYet))).toBe(2.5);
  });

  it('is told of running runs only', () => {
    expect(unsaved({}, { phase: 'Restarting' })).toBeUndefined();
  });
});
