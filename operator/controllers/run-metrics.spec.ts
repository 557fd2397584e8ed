import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { toTimestamp } from '../base/clock.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { aRun, startMs } from '../plan/testing/fixtures.ts';
import { createRunMetrics, spentSeconds } from './run-metrics.ts';

const at = (seconds: number) => toTimestamp(startMs + seconds * 1000);
const running: TrainingRunStatus = {
  phase: 'Running',
  attempt: 1,
  attemptStartedAt: at(0),
  startTime: at(0),
  restarts: { total: 0, charged: 0 },
};
const savedAt = (seconds: number) => ({ step: 1, epoch: 1, uri: '/a', savedAt: at(seconds) });
const failure = { attempt: 1, pod: 'digits-1-0', message: '', at: at(100) };

function world(nowSeconds: number) {
  const registry = new Registry();
  const metrics = createRunMetrics(registry, new ManualClock(startMs + nowSeconds * 1000));
  const valueOf = async (name: string, labels: Record<string, string> = {}) => {
    const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name);
    return found?.values.find((value) =>
      Object.entries(labels).every(([key, label]) => String(value.labels[key]) === label),
    )?.value;
  };
  return { metrics, valueOf };
}

describe('the metrics of runs', () => {
  it('count runs by phase whenever they are read, phases without any as zero', async () => {
    const { metrics, valueOf } = world(0);
    let runs = [aRun({}, running), aRun({}, running), aRun()];
    metrics.observe(() => runs);
    expect(await valueOf('ringmaster_runs', { phase: 'Running' })).toBe(2);
    expect(await valueOf('ringmaster_runs', { phase: 'Pending' })).toBe(1);
    runs = [];
    expect(await valueOf('ringmaster_runs', { phase: 'Running' })).toBe(0);
  });

  it('count restarts by a reason of the known ones', async () => {
    const { metrics, valueOf } = world(100);
    const restarting = (reason: string): TrainingRunStatus => ({
      ...running,
      phase: 'Restarting',
      restarts: { total: 1, charged: 1 },
      lastFailure: { ...failure, reason },
    });
    metrics.changed(aRun({}, running), restarting('PeerLost'));
    metrics.changed(aRun({}, running), restarting('SomethingElse'));
    metrics.changed(aRun({}, restarting('PeerLost')), restarting('PeerLost'));
    expect(await valueOf('ringmaster_run_restarts_total', { reason: 'PeerLost' })).toBe(1);
    expect(await valueOf('ringmaster_run_restarts_total', { reason: 'Other' })).toBe(1);
  });

  it('time the wait for the first pods once, not counting suspension before it', async () => {
    const { metrics, valueOf } = world(0);
    const made = { ...aRun(), metadata: { ...aRun().metadata, creationTimestamp: at(-60) } };
    const starting: TrainingRunStatus = { ...running, phase: 'Starting', activeSince: at(-5) };
    metrics.changed(made, starting);
    metrics.changed({ ...made, status: starting }, running);
    const name = 'ringmaster_run_time_to_first_pod_seconds';
    expect(await valueOf(name, { le: '5' })).toBe(1);
    expect(await valueOf(name, { le: '2' })).toBe(0);
  });

  it('count GPU-seconds over the whole gang, once an attempt', async () => {
    const { metrics, valueOf } = world(100);
    const restarting: TrainingRunStatus = { ...running, phase: 'Restarting', checkpoint: savedAt(70) };
    metrics.changed(aRun({}, running), restarting);
    metrics.changed(aRun({}, restarting), { ...restarting, phase: 'Starting', attempt: 2 });
    expect(await valueOf('ringmaster_gpu_seconds_total', { outcome: 'useful' })).toBe(280);
    expect(await valueOf('ringmaster_gpu_seconds_total', { outcome: 'lost' })).toBe(120);
  });
});

describe('the time of an attempt', () => {
  const nowMs = startMs + 100_000;
  const ends = (after: Partial<TrainingRunStatus>, before: Partial<TrainingRunStatus> = {}) =>
    spentSeconds({ ...running, ...before }, { ...running, ...before, ...after }, nowMs);

  it('is all useful when the run succeeds', () => {
    expect(ends({ phase: 'Succeeded' })).toEqual({ useful: 100, lost: 0 });
  });

  it('is all lost when it saved nothing, also when an earlier attempt did', () => {
    expect(ends({ phase: 'Restarting' })).toEqual({ useful: 0, lost: 100 });
    expect(ends({ phase: 'Failed', checkpoint: savedAt(-50) })).toEqual({ useful: 0, lost: 100 });
  });

  it('is counted when a suspended run has given its GPUs back, not before', () => {
    expect(ends({ phase: 'Suspending' })).toBeUndefined();
    expect(ends({ phase: 'Suspended', checkpoint: savedAt(95) }, { phase: 'Suspending' })).toEqual({
      useful: 95,
      lost: 5,
    });
  });

  it('goes on while the attempt does', () => {
    expect(ends({ checkpoint: savedAt(50) })).toBeUndefined();
  });
});
