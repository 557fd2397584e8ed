import { describe, expect, it } from 'vitest';
import { serviceOf } from './services.ts';
import {
  aCheckpoint,
  aFinishedPod,
  aProgressDocument,
  aRunningPod,
  deleted,
  startMs,
} from './testing/fixtures.ts';
import { after, condition, gangOf, names, plan, running, secondMs } from './testing/plans.ts';

describe('a failed pod', () => {
  const run = running();
  const killed = aFinishedPod(run, 1, 0, {
    lastWords: { reason: 'RankKilled', rank: 1, exitCode: 137, message: 'rank 1 was ended by SIGKILL' },
  });
  const restarting = after(run, { pods: [killed, aRunningPod(run, 1, 1)] });

  it('ends the attempt of the whole gang, with the rank that failed first as the cause', () => {
    const { status, actions, announcements } = plan(run, [killed, aRunningPod(run, 1, 1)], {
      service: serviceOf(run),
    });
    expect(status).toMatchObject({
      phase: 'Restarting',
      attempt: 1,
      restarts: { total: 1, charged: 1 },
      nextAttemptAt: '2026-01-01T00:00:10Z',
      lastFailure: { attempt: 1, pod: 'digits-1-0', rank: 1, reason: 'RankKilled', exitCode: 137 },
    });
    expect(names(actions)).toEqual(['delete digits-1-1']);
    expect(condition(status, 'Running')?.status).toBe('False');
    expect(condition(status, 'Restarting')?.status).toBe('True');
    expect(announcements).toEqual([
      {
        type: 'Warning',
        reason: 'RestartScheduled',
        message:
          'Attempt 1 ended (restart 1 of 3): RankKilled, rank 1 of pod digits-1-0, exit code 137: rank 1 was ended by SIGKILL. Attempt 2 starts in 10 s.',
      },
    ]);
  });

  it('is followed by a new attempt only when no old pod can still be alive and the backoff is over', () => {
    const dying = deleted(aRunningPod(run, 1, 1), startMs);
    const laterMs = startMs + 60 * secondMs;
    expect(plan(restarting, [killed, dying], { nowMs: laterMs })).toMatchObject({
      actions: [],
      status: { phase: 'Restarting', attempt: 1 },
    });
    expect(plan(restarting, [killed], { nowMs: startMs + 9 * secondMs })).toMatchObject({
      requeueAfterMs: secondMs,
      status: { phase: 'Restarting' },
    });
    const { status, actions } = plan(restarting, [killed], { nowMs: laterMs, service: serviceOf(run) });
    expect(status).toMatchObject({ phase: 'Starting', attempt: 2 });
    expect(status.nextAttemptAt).toBeUndefined();
    expect(names(actions)).toEqual(['create digits-2-0', 'create digits-2-1']);
  });

  it('that was told to stop waits for pod 0 to save for all, and is then not charged', () => {
    const stopped = aFinishedPod(run, 1, 1, { lastWords: { reason: 'Terminated' } });
    const saving = plan(run, [aRunningPod(run, 1, 0), stopped], { nowMs: startMs + 60 * secondMs });
    expect(saving.status.phase).toBe('Running');

    const checkpoint = aCheckpoint(50);
    const saved = aFinishedPod(run, 1, 0, { lastWords: { reason: 'Terminated', checkpoint } });
    expect(plan(run, [saved, stopped]).status).toMatchObject({
      phase: 'Restarting',
      restarts: { total: 1, charged: 0 },
      checkpoint: { step: 50 },
    });

    const neverSaves = plan(run, [aRunningPod(run, 1, 0), stopped], { nowMs: startMs + 121 * secondMs });
    expect(neverSaves.status).toMatchObject({ phase: 'Restarting', restarts: { charged: 1 } });
  });

  it('leaves Restarting true until the new gang runs', () => {
    const again = after(restarting, { pods: [killed], atMs: startMs + 10 * secondMs });
    expect(condition(again.status ?? {}, 'Restarting')?.status).toBe('True');
    const { status } = plan(again, gangOf(run, 2), { nowMs: startMs + 20 * secondMs });
    expect(condition(status, 'Restarting')?.status).toBe('False');
    expect(condition(status, 'Running')?.status).toBe('True');
  });

  it('stays for its logs during the next attempt and goes with the one after', () => {
    const attempt2 = after(restarting, { pods: [killed], atMs: startMs + 10 * secondMs });
    const service = serviceOf(run);
    expect(names(plan(attempt2, [killed, ...gangOf(run, 2)], { service }).actions)).toEqual([]);
    const status = { ...attempt2.status, attempt: 3 };
    expect(names(plan({ ...attempt2, status }, [killed, ...gangOf(run, 3)], { service }).actions)).toEqual([
      'delete digits-1-0',
    ]);
  });

  it('that only lost its peer waits a moment for the cause to show', () => {
    const follower = aFinishedPod(run, 1, 1, { lastWords: { reason: 'PeerLost', rank: 2 } });
    const pods = [aRunningPod(run, 1, 0), follower];
    expect(plan(run, pods)).toMatchObject({ status: { phase: 'Running' }, requeueAfterMs: 5 * secondMs });
    expect(plan(run, [killed, follower]).status.lastFailure).toMatchObject({ reason: 'RankKilled', rank: 1 });
    expect(plan(run, pods, { nowMs: startMs + 5 * secondMs }).status.lastFailure).toMatchObject({
      reason: 'PeerLost',
    });
  });
});

describe('a pod that somebody deletes', () => {
  const run = running();

  it('ends the attempt uncharged, before it is even gone', () => {
    const { status, actions } = plan(run, [deleted(aRunningPod(run, 1, 0), startMs), aRunningPod(run, 1, 1)]);
    expect(status).toMatchObject({
      phase: 'Restarting',
      restarts: { total: 1, charged: 0 },
      lastFailure: { reason: 'PodDeleted', pod: 'digits-1-0' },
    });
    expect(names(actions)).toEqual(['delete digits-1-1']);
  });

  it('is missed when it is gone without a trace', () => {
    expect(plan(run, [aRunningPod(run, 1, 0)]).status).toMatchObject({
      phase: 'Restarting',
      lastFailure: { reason: 'PodDeleted', pod: 'digits-1-1' },
    });
  });
});

describe('a hung gang', () => {
  const run = running();

  it('is restarted when no step was seen for hangTimeout', () => {
    const lastAdvanceMs = startMs + 60 * secondMs;
    const progress = aProgressDocument(1);
    expect(plan(run, gangOf(run), { progress, lastAdvanceMs, nowMs: lastAdvanceMs }).requeueAfterMs).toBe(
      600 * secondMs,
    );
    const { status, actions } = plan(run, gangOf(run), {
      progress,
      lastAdvanceMs,
      nowMs: lastAdvanceMs + 600 * secondMs,
    });
    expect(status).toMatchObject({
      phase: 'Restarting',
      restarts: { charged: 1 },
      lastFailure: { reason: 'Hung', pod: 'digits-1-0' },
    });
    expect(actions).toContainEqual({
      type: 'deletePod',
      name: 'digits-1-0',
      uid: 'digits-1-0-uid',
      gracePeriodSeconds: 30,
    });
  });

  it('is not suspected by an operator that cannot reach it', () => {
    const observation = { lastAdvanceMs: startMs, nowMs: startMs + 86_400 * secondMs };
    expect(plan(run, gangOf(run), observation).status.phase).toBe('Running');
  });

  it('is not suspected while it saves its result', () => {
    const progress = aProgressDocument(1000, { state: 'Finished' });
    const observation = { progress, lastAdvanceMs: startMs, nowMs: startMs + 86_400 * secondMs };
    expect(plan(run, gangOf(run), observation).status.phase).toBe('Running');
  });

  it('is not suspected by an operator that has only just begun to watch', () => {
    expect(plan(run, gangOf(run), { nowMs: startMs + 86_400 * secondMs }).status.phase).toBe('Running');
  });
});
