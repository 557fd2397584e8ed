import { describe, expect, it } from 'vitest';
import { toTimestamp } from '../base/clock.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Pod } from '../api/wire.ts';
import { planRun } from './plan.ts';
import { aCheckpoint, aRun, startMs } from './testing/fixtures.ts';
import { annotated } from './testing/annotated.ts';
import { gangOf, names, running } from './testing/plans.ts';
import { aQueue, anAdmittedWorkload, settings } from './testing/queues.ts';

const minuteMs = 60_000;

/** A run that has run for a while and saved a checkpoint so many minutes after its start. */
function savedAfter(minutes: number, run: TrainingRun): TrainingRun {
  const checkpoint = { ...aCheckpoint(40), savedAt: toTimestamp(startMs + minutes * minuteMs) };
  return { ...run, status: { ...run.status, checkpoint } };
}

function planAfter(
  minutes: number,
  run: TrainingRun,
  pods: Pod[],
  workload?: ReturnType<typeof anAdmittedWorkload>,
) {
  const queue = workload === undefined ? {} : { queue: aQueue(workload) };
  const observed = { run, pods, nowMs: startMs + minutes * minuteMs, ...queue };
  const { actions, requeueAfterMs } = planRun(observed, settings);
  return { told: names(actions).filter((name) => name.startsWith('annotate')), requeueAfterMs };
}

describe('pods that may be moved after a checkpoint', () => {
  const run = running({ trainers: { disruption: 'AfterCheckpoint', disruptionWindow: '5m' } });
  const gang = gangOf(run);
  const mayMove =
    '{"cluster-autoscaler.kubernetes.io/safe-to-evict":"true","karpenter.sh/do-not-disrupt":null}';
  const mustStay =
    '{"cluster-autoscaler.kubernetes.io/safe-to-evict":"false","karpenter.sh/do-not-disrupt":"true"}';

  it('may not before the first one', () => {
    expect(planAfter(1, run, gang).told).toEqual([]);
    expect(gang[0]?.metadata.annotations).toMatchObject({ 'karpenter.sh/do-not-disrupt': 'true' });
  });

  it('may within the window, and not beyond it until the next', () => {
    const saved = savedAfter(10, run);
    const fresh = planAfter(11, saved, gang);
    expect(fresh.told).toEqual([`annotate digits-1-0 ${mayMove}`, `annotate digits-1-1 ${mayMove}`]);
    expect(fresh.requeueAfterMs).toBe(4 * minuteMs);
    const moved = gang.map((pod) => annotated(pod, JSON.parse(mayMove) as Record<string, string | null>));
    expect(planAfter(12, saved, moved).told).toEqual([]);
    expect(planAfter(15, saved, moved).told).toEqual([
      `annotate digits-1-0 ${mustStay}`,
      `annotate digits-1-1 ${mustStay}`,
    ]);
  });

  it('may not because of a checkpoint of an earlier attempt', () => {
    expect(planAfter(1, savedAfter(-1, run), gang).told).toEqual([]);
  });

  it('are left as they are in the other modes, also where somebody changed them', () => {
    const avoiding = savedAfter(10, running());
    const moved = gangOf(avoiding).map((pod) => annotated(pod, { 'karpenter.sh/do-not-disrupt': null }));
    expect(planAfter(11, avoiding, moved).told).toEqual([]);
  });
});

describe('the cost of an eviction that Kueue is told', () => {
  const unqueued = aRun({ scheduling: { queueName: 'team' } });
  const run: TrainingRun = { ...unqueued, status: { ...running().status } };
  const gang = gangOf(run);
  const ready = anAdmittedWorkload(run, { PodsReady: 'True/Started' });

  it.each([
    [4, []],
    [5, ['annotate workload {"kueue.x-k8s.io/priority-boost":"1"}']],
    [10, ['annotate workload {"kueue.x-k8s.io/priority-boost":"2"}']],
    [20, ['annotate workload {"kueue.x-k8s.io/priority-boost":"3"}']],
    [600, ['annotate workload {"kueue.x-k8s.io/priority-boost":"3"}']],
  ])('grows with the training at stake: after %d minutes without a checkpoint', (minutes, told) => {
    expect(planAfter(minutes, run, gang, ready).told).toEqual(told);
  });

  it('falls with a checkpoint, of which it names moment and step', () => {
    const dear = annotated(ready, { 'kueue.x-k8s.io/priority-boost': '3' });
    expect(planAfter(31, savedAfter(30, run), gang, dear).told).toEqual([
      'annotate workload {"kueue.x-k8s.io/priority-boost":null,"ringmaster.dev/checkpoint-saved-at":"2026-01-01T00:30:00Z","ringmaster.dev/checkpoint-step":"40"}',
    ]);
  });

  it('is looked at again when it changes by itself', () => {
    expect(planAfter(4, run, gang, ready).requeueAfterMs).toBe(minuteMs);
  });
});
