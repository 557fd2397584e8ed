import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { serviceOf } from './services.ts';
import { aCheckpoint, aFinishedPod, aRun, aRunningPod, deleted, startMs } from './testing/fixtures.ts';
import { after, condition, gangOf, names, plan, running, secondMs } from './testing/plans.ts';

describe('suspending', () => {
  const run = running();
  const suspended: TrainingRun = { ...run, spec: { ...run.spec, suspend: true } };
  const suspending = after(suspended, { pods: gangOf(run), atMs: startMs + 30 * secondMs });
  const dying = gangOf(run).map((pod) => deleted(pod, startMs));

  it('ends every pod with its grace period', () => {
    const { status, actions } = plan(suspended, gangOf(run));
    expect(status.phase).toBe('Suspending');
    expect(actions).toEqual([
      { type: 'deletePod', name: 'digits-1-0', uid: 'digits-1-0-uid' },
      { type: 'deletePod', name: 'digits-1-1', uid: 'digits-1-1-uid' },
    ]);
    expect(condition(status, 'Running')?.status).toBe('False');
  });

  it('is over when no pod is left', () => {
    expect(plan(suspending, dying)).toMatchObject({ status: { phase: 'Suspending' }, actions: [] });
    const { status, actions } = plan(suspending, [], { service: serviceOf(run) });
    expect(status).toMatchObject({ phase: 'Suspended', attempt: 1, startTime: '2026-01-01T00:00:00Z' });
    expect(condition(status, 'Suspended')).toMatchObject({ status: 'True', reason: 'Suspended' });
    expect(names(actions)).toEqual(['delete service digits']);
  });

  it('is carried through when the flag is flipped back meanwhile, and then the run starts anew', () => {
    const flipped = { ...suspending, spec: run.spec };
    expect(plan(flipped, dying)).toMatchObject({ status: { phase: 'Suspending' }, actions: [] });
    const rested = after(flipped, {});
    expect(rested.status?.phase).toBe('Suspended');
    const { status, actions } = plan(rested, [], { nowMs: startMs + 90 * secondMs });
    expect(status).toMatchObject({ phase: 'Starting', attempt: 2, startTime: '2026-01-01T00:01:30Z' });
    expect(condition(status, 'Suspended')).toMatchObject({ status: 'False', reason: 'Resumed' });
    expect(names(actions)).toEqual(['create service digits', 'create digits-2-0', 'create digits-2-1']);
  });

  it('is not a failure, whatever the pods say as they end', () => {
    const ended = [0, 1].map((index) =>
      aFinishedPod(run, 1, index, { lastWords: { reason: 'Terminated', checkpoint: aCheckpoint(50) } }),
    );
    const { status } = plan(suspending, ended);
    expect(status).toMatchObject({
      phase: 'Suspending',
      restarts: { total: 0, charged: 0 },
      checkpoint: { step: 50 },
    });
    expect(status.lastFailure).toBeUndefined();
  });

  it('tells of the checkpoint that pods saved and spoke of before they were gone', () => {
    const lastWords = [{ reason: 'Terminated' as const, message: '', checkpoint: aCheckpoint(50) }];
    const { status } = plan(suspending, [], { service: serviceOf(run), lastWords });
    expect(status).toMatchObject({ phase: 'Suspended', checkpoint: { step: 50 } });
  });

  it('loses against training that was finished before the pods were told', () => {
    const ended = [0, 1].map((index) => aFinishedPod(run, 1, index));
    expect(plan(suspending, ended).status.phase).toBe('Succeeded');
  });

  it('of a run that never started needs no pod', () => {
    const { status, actions } = plan(aRun({ suspend: true }));
    expect(status.phase).toBe('Suspended');
    expect(status.startTime).toBeUndefined();
    expect(actions).toEqual([]);
  });

  it('ends a backoff too', () => {
    const failed = aFinishedPod(run, 1, 0, { exitCode: 70 });
    const restarting = after(run, { pods: [failed, aRunningPod(run, 1, 1)] });
    const { status, actions } = plan({ ...restarting, spec: suspended.spec }, [failed]);
    expect(status.phase).toBe('Suspending');
    expect(status.nextAttemptAt).toBeUndefined();
    expect(names(actions)).toEqual(['delete digits-1-0']);
  });
});

describe('the deadline', () => {
  const run = running({ activeDeadline: '1h' });

  it('fails the run and ends its pods', () => {
    expect(plan(run, gangOf(run)).requeueAfterMs).toBe(3600 * secondMs);
    const { status, actions } = plan(run, gangOf(run), {
      nowMs: startMs + 3600 * secondMs,
      service: serviceOf(run),
    });
    expect(condition(status, 'Failed')).toMatchObject({ reason: 'DeadlineExceeded' });
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
  });

  it('does not count the time of a suspension', () => {
    const suspended = { ...run, spec: { ...run.spec, suspend: true } };
    const atRest = after(
      suspended,
      { pods: gangOf(run), atMs: startMs + 1800 * secondMs },
      { atMs: startMs + 1810 * secondMs },
    );
    expect(atRest.status).toMatchObject({ phase: 'Suspended', activeSeconds: 1800 });
    const resumedAtMs = startMs + 100_000 * secondMs;
    const resumed = after({ ...atRest, spec: run.spec }, { atMs: resumedAtMs });
    expect(resumed.status?.phase).toBe('Starting');
    expect(plan(resumed, gangOf(run, 2), { nowMs: resumedAtMs }).requeueAfterMs).toBe(1800 * secondMs);
  });
});
