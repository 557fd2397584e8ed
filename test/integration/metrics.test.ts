import { describe, expect, it } from 'vitest';
import { createTrainerMetrics } from '../../trainer-image/supervisor/metrics.ts';
import { checkMetrics, hasPromtool } from '../operator/promtool.ts';
import { useGangWorld } from './gang-world.ts';

const world = useGangWorld();

describe('the metrics of the operator', () => {
  it('tell phases, restarts, waits and GPU-seconds of a life with a failure', async () => {
    await world().submitRunning('digits');
    const metric = (name: string, labels?: Readonly<Record<string, string>>) =>
      world().manager.metric(name, labels);
    expect(await metric('ringmaster_runs', { phase: 'Running' })).toBe(1);
    expect(await metric('ringmaster_run_time_to_first_pod_seconds_count')).toBe(1);
    await world().endPod('digits-1-0', { exitCode: 70 });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    expect(await metric('ringmaster_run_restarts_total')).toBe(1);
    for (const pod of ['digits-2-0', 'digits-2-1']) await world().endPod(pod);
    await world().reaches('digits', 'Succeeded');
    await world().settles();
    expect(await metric('ringmaster_runs', { phase: 'Succeeded' })).toBe(1);
    expect(await metric('ringmaster_runs_finished_total', { phase: 'Succeeded' })).toBe(1);
    expect(await metric('ringmaster_run_time_to_first_pod_seconds_count')).toBe(1);
    expect(await metric('ringmaster_gpu_seconds_total')).toBeGreaterThan(0);
    expect(await metric('ringmaster_build_info')).toBe(1);
    const concurrent = 'controller_runtime_max_concurrent_reconciles';
    expect(await metric(concurrent, { controller: 'trainingrun' })).toBe(16);
    expect(await metric(concurrent, { controller: 'trainingsweep' })).toBe(2);
    expect(await metric('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it.skipIf(!hasPromtool)('pass promtool check metrics', async () => {
    const { text } = await world().manager.get('/metrics');
    expect(await checkMetrics(text)).toBe('');
  });
});

describe('the metrics of a trainer', () => {
  it.skipIf(!hasPromtool)('pass promtool check metrics', async () => {
    expect(await checkMetrics(await createTrainerMetrics().text())).toBe('');
  });
});
