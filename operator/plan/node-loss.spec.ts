import { describe, expect, it } from 'vitest';
import { aRun, aRunningPod, deleted, startMs } from './testing/fixtures.ts';
import { gangOf, names, plan, running, secondMs } from './testing/plans.ts';

const graceMs = 120 * secondMs;

/** A run whose pods were told to go and do not. */
function silent(forceDeleteAfter?: string) {
  const run = running(forceDeleteAfter === undefined ? {} : { failurePolicy: { forceDeleteAfter } });
  const pods = gangOf(run).map((pod) => deleted(pod, startMs));
  const restarting = { ...run, status: plan(run, pods).status };
  return { run: restarting, pods };
}

describe('a pod whose node does not say that it ended', () => {
  it('is waited for without end unless the run says otherwise', () => {
    const { run, pods } = silent();
    expect(plan(run, pods, { nowMs: startMs + 3600 * secondMs }).actions).toEqual([]);
  });

  it('is deleted by force when its grace period and the time that the run allows are over, not before', () => {
    const { run, pods } = silent('1m');
    const dueMs = startMs + graceMs + 60 * secondMs;
    const early = plan(run, pods, { nowMs: dueMs - 1 });
    expect(early.actions).toEqual([]);
    expect(early.requeueAfterMs).toBe(1);
    const { actions } = plan(run, pods, { nowMs: dueMs });
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
    expect(actions).toEqual(actions.map((action) => ({ ...action, gracePeriodSeconds: 0 })));
  });

  it('is not deleted by force while nobody told it to go', () => {
    const run = aRun({ failurePolicy: { forceDeleteAfter: '0s' } });
    const pods = [aRunningPod(run, 1, 0), aRunningPod(run, 1, 1)];
    const started = { ...run, status: running().status ?? {} };
    expect(
      plan(started, pods, { nowMs: startMs + 3600 * secondMs }).actions.filter(
        ({ type }) => type === 'deletePod',
      ),
    ).toEqual([]);
  });
});

describe('a gang that is being made when its spec changes', () => {
  it('is made anew from the new one, at no charge', () => {
    const run = aRun();
    const first = plan(run);
    const [made] = gangOf(run);
    if (made === undefined) throw new Error('there is a pod');
    const changed = { ...aRun({ recipe: { epochs: 77 } }), status: first.status };
    const { status, actions } = plan(changed, [made]);
    expect(status).toMatchObject({
      phase: 'Restarting',
      restarts: { charged: 0 },
      lastFailure: { reason: 'SpecChanged' },
    });
    expect(names(actions)).toEqual(['delete digits-1-0']);
  });
});
