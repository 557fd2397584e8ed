import { describe, expect, it } from 'vitest';
import { aFinishedPod, aRun, aRunningPod, startMs } from '../plan/testing/fixtures.ts';
import { after, gangOf, plan, running, secondMs, started } from '../plan/testing/plans.ts';
import { restsOnAbsence } from './rests-on-absence.ts';

const minuteMs = 60 * secondMs;

describe('a plan', () => {
  it('to start a run that nobody took up yet rests on what is there', () => {
    expect(restsOnAbsence(plan(aRun()), aRun())).toBe(false);
  });

  it('that changes neither phase nor attempt rests on what is there', () => {
    const run = running();
    expect(restsOnAbsence(plan(run, gangOf(run)), run)).toBe(false);
  });

  it('to call a run running, done or failed by what its pods say rests on what is there', () => {
    const starting = started();
    expect(restsOnAbsence(plan(starting, gangOf(starting)), starting)).toBe(false);
    const run = running();
    const done = [0, 1].map((index) => aFinishedPod(run, 1, index));
    expect(restsOnAbsence(plan(run, done), run)).toBe(false);
    const failed = [aRunningPod(run, 1, 0), aFinishedPod(run, 1, 1, { exitCode: 70 })];
    expect(plan(run, failed).status.phase).toBe('Restarting');
    expect(restsOnAbsence(plan(run, failed), run)).toBe(false);
  });

  it('to restart because a pod is not there rests on its absence', () => {
    const run = running();
    const missing = plan(run, [aRunningPod(run, 1, 0)]);
    expect(missing.status).toMatchObject({ phase: 'Restarting', lastFailure: { reason: 'PodDeleted' } });
    expect(restsOnAbsence(missing, run)).toBe(true);
  });

  it('to begin another attempt rests on the absence of the old pods', () => {
    const run = running();
    const failed = [0, 1].map((index) => aFinishedPod(run, 1, index, { exitCode: 70 }));
    const restarting = after(run, { pods: failed });
    const next = plan(restarting, failed, { nowMs: startMs + minuteMs });
    expect(next.status).toMatchObject({ phase: 'Starting', attempt: 2 });
    expect(restsOnAbsence(next, restarting)).toBe(true);
  });

  it('to call a run suspended rests on the absence of its pods', () => {
    const run = running();
    const suspending = after({ ...run, spec: { ...run.spec, suspend: true } }, { pods: gangOf(run) });
    expect(suspending.status?.phase).toBe('Suspending');
    expect(restsOnAbsence(plan(suspending), suspending)).toBe(true);
  });

  it('to end a run at its deadline rests on its not being done', () => {
    const run = running({ activeDeadline: '1m' });
    const late = plan(run, gangOf(run), { nowMs: startMs + 2 * minuteMs });
    expect(late.status.phase).toBe('Failed');
    expect(restsOnAbsence(late, run)).toBe(true);
  });
});
