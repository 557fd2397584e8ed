import { describe, expect, it } from 'vitest';
import type { Condition, TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Pod } from '../api/wire.ts';
import type { Action } from './action.ts';
import type { ObservedRun } from './observed-run.ts';
import { planRun, type Plan } from './plan.ts';
import { serviceOf } from './services.ts';
import {
  aCheckpoint,
  aFinishedPod,
  aPod,
  aProgressDocument,
  aRun,
  aRunningPod,
  deleted,
  settings,
  startMs,
} from './testing/fixtures.ts';

const secondMs = 1000;

function plan(run: TrainingRun, pods: Pod[] = [], changes: Partial<ObservedRun> = {}): Plan {
  return planRun({ run, pods, nowMs: startMs, ...changes }, settings);
}

/** The run with the status that its plans lead to, one after the other. */
function after(run: TrainingRun, ...observations: { pods?: Pod[]; atMs?: number }[]): TrainingRun {
  return observations.reduce<TrainingRun>((current, { pods = [], atMs = startMs }) => {
    return { ...current, status: plan(current, pods, { nowMs: atMs }).status };
  }, run);
}

function started(spec: Parameters<typeof aRun>[0] = {}): TrainingRun {
  return after(aRun(spec), {});
}

function running(spec: Parameters<typeof aRun>[0] = {}): TrainingRun {
  const run = started(spec);
  return after(run, { pods: gangOf(run) });
}

function gangOf(run: TrainingRun, attempt = 1): Pod[] {
  return [0, 1].map((index) => aRunningPod(run, attempt, index));
}

function names(actions: readonly Action[]): string[] {
  return actions.map((action) => {
    switch (action.type) {
      case 'createPod':
        return `create ${action.pod.metadata.name}`;
      case 'deletePod':
        return `delete ${action.name}`;
      case 'createService':
        return `create service ${action.service.metadata.name}`;
      case 'deleteService':
        return `delete service ${action.name}`;
      case 'deleteRun':
        return 'delete run';
    }
  });
}

function condition(status: TrainingRunStatus, type: string): Condition | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}

describe('a new run', () => {
  it('gets its Service and its whole gang', () => {
    const { actions, status, announcements } = plan(aRun());
    expect(names(actions)).toEqual(['create service digits', 'create digits-1-0', 'create digits-1-1']);
    expect(status).toMatchObject({
      phase: 'Starting',
      attempt: 1,
      observedGeneration: 1,
      restarts: { total: 0, charged: 0 },
      startTime: '2026-01-01T00:00:00Z',
      trainers: { desired: 2, ready: 0, failed: 0, selector: 'ringmaster.dev/run-uid=uid-1' },
    });
    expect(announcements).toEqual([
      { type: 'Normal', reason: 'GangStarting', message: 'Attempt 1 starts with 2 pods of 2 ranks.' },
    ]);
  });

  it('that belongs to another controller is not touched, not even its status', () => {
    const status = { phase: 'Running' as const, attempt: 7 };
    const { actions, status: intended } = plan(aRun({ managedBy: 'kueue.x-k8s.io/multikueue' }, status));
    expect(actions).toEqual([]);
    expect(intended).toBe(status);
  });

  it('that is being deleted is left to garbage collection', () => {
    const run = running();
    const dying = { ...run, metadata: { ...run.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(plan(dying, [])).toMatchObject({ actions: [], status: run.status });
  });

  it('that the API would not accept fails with every problem named and creates nothing', () => {
    const run = aRun();
    const broken = {
      ...run,
      spec: { ...run.spec, model: { ...run.spec.model, depth: 50, stem: 'small' } },
    } as TrainingRun;
    const { actions, status } = plan(broken);
    expect(actions).toEqual([]);
    expect(status.phase).toBe('Failed');
    expect(condition(status, 'Failed')).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    expect(condition(status, 'Failed')?.message).toContain('spec.model.depth');
    expect(plan({ ...broken, status })).toMatchObject({ actions: [], status });
  });

  it('whose status was lost waits until pods of the forgotten attempt are gone and then counts on', () => {
    const run = aRun();
    const waiting = plan(run, gangOf(run, 4));
    expect(waiting.status.phase).toBe('Pending');
    expect(names(waiting.actions)).toEqual(['delete digits-4-0', 'delete digits-4-1']);
    const finished = [0, 1].map((index) => aFinishedPod(run, 4, index, { exitCode: 143 }));
    expect(plan({ ...run, status: waiting.status }, finished).status).toMatchObject({
      phase: 'Starting',
      attempt: 5,
    });
  });
});

describe('a gang that starts', () => {
  it('gets only the pods that are missing, after a crash between two of them', () => {
    const run = started();
    const { actions } = plan(run, [aPod(run, 1, 0)], { service: serviceOf(run) });
    expect(names(actions)).toEqual(['create digits-1-1']);
  });

  it('runs when all its pods do', () => {
    const run = started();
    expect(plan(run, [aRunningPod(run, 1, 0), aPod(run, 1, 1)]).status.phase).toBe('Starting');
    const { status, announcements, readProgressFrom } = plan(run, gangOf(run));
    expect(status).toMatchObject({ phase: 'Running', trainers: { desired: 2, ready: 2 } });
    expect(condition(status, 'Running')).toMatchObject({ status: 'True', reason: 'TrainersRunning' });
    expect(announcements.map(({ reason }) => reason)).toEqual(['TrainersRunning']);
    expect(readProgressFrom).toBe('10.0.0.1');
  });

  it('says what it waits for', () => {
    const run = started();
    const unschedulable = aPod(run, 1, 1, {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes are available',
        },
      ],
    });
    const { status } = plan(run, [aRunningPod(run, 1, 0), unschedulable]);
    expect(condition(status, 'Running')?.message).toBe(
      'Attempt 1 starts with 2 pods. Pod digits-1-1: Unschedulable 0/3 nodes are available',
    );
  });

  it('gives its place back when it is half placed for startTimeout, uncharged if there was no room', () => {
    const run = started();
    const unschedulable = aPod(run, 1, 1, {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no GPU' }],
    });
    const pods = [aRunningPod(run, 1, 0), unschedulable];
    expect(plan(run, pods).requeueAfterMs).toBe(15 * 60 * secondMs);
    const { status, actions } = plan(run, pods, { nowMs: startMs + 15 * 60 * secondMs });
    expect(status).toMatchObject({
      phase: 'Restarting',
      restarts: { total: 1, charged: 0 },
      lastFailure: { reason: 'StartTimeout', pod: 'digits-1-1' },
    });
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
  });

  it('may wait for ever while none of its pods has a node', () => {
    const run = started();
    const pods = [aPod(run, 1, 0), aPod(run, 1, 1)];
    expect(plan(run, pods, { nowMs: startMs + 24 * 3600 * secondMs }).status.phase).toBe('Starting');
  });

  it('is not given more pods when the spec is edited meanwhile', () => {
    const run = started();
    const edited = { ...run, spec: { ...run.spec, trainers: { ...run.spec.trainers, pods: 4 } } };
    expect(names(plan(edited, gangOf(run), { service: serviceOf(run) }).actions)).toEqual([]);
    expect(plan(edited, gangOf(run)).status.phase).toBe('Running');
  });

  it('gets its Service again when somebody deletes it', () => {
    const run = running();
    expect(names(plan(run, gangOf(run)).actions)).toEqual(['create service digits']);
  });

  it('makes no pod while one of another attempt is alive, and ends that one', () => {
    const run = after(aRun(), { pods: [aFinishedPod(aRun(), 1, 0, { exitCode: 1 })] });
    expect(run.status).toMatchObject({ phase: 'Starting', attempt: 2 });
    const { actions } = plan(run, [aRunningPod(run, 1, 1)], { service: serviceOf(run) });
    expect(names(actions)).toEqual(['delete digits-1-1']);
  });

  it('ignores pods that carry its labels but belong to another object', () => {
    const run = started();
    const foreign = gangOf(run).map((pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'TrainingRun', name: 'digits', uid: 'uid-0', controller: true },
        ],
      },
    }));
    expect(plan(run, foreign).status.phase).toBe('Starting');
  });
});

describe('a run whose pods all succeeded', () => {
  const run = running();
  const result = { top1: 0.912, top5: 0.99, epochs: 6, trainSeconds: 120, uri: '/checkpoints/step-1000' };
  const pods = [
    aFinishedPod(run, 1, 0, { lastWords: { reason: 'Completed', result, checkpoint: aCheckpoint(1000) } }),
    aFinishedPod(run, 1, 1),
  ];

  it('is complete, with the result of the last words', () => {
    const { status, actions } = plan(run, pods, { nowMs: startMs + 60 * secondMs, service: serviceOf(run) });
    expect(status).toMatchObject({
      phase: 'Succeeded',
      completionTime: '2026-01-01T00:01:00Z',
      result,
      checkpoint: { step: 1000 },
    });
    expect(condition(status, 'Complete')).toMatchObject({
      status: 'True',
      reason: 'Succeeded',
      message: 'Training finished: top-1 91.20 % after 6 epochs.',
    });
    expect(condition(status, 'Running')?.status).toBe('False');
    expect(names(actions)).toEqual(['delete service digits']);
  });

  it('stays complete whatever happens to its pods and its spec', () => {
    const { status } = plan(run, pods);
    const done = { ...run, spec: { ...run.spec, suspend: true }, status };
    expect(plan(done, [], { nowMs: startMs + 3600 * secondMs }).status).toEqual(status);
    expect(plan(done, [aFinishedPod(run, 1, 0, { exitCode: 70 })]).status).toEqual(status);
  });

  it('waits while one of them still runs', () => {
    expect(plan(run, [aFinishedPod(run, 1, 0), aRunningPod(run, 1, 1)]).status.phase).toBe('Running');
  });
});

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
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1', 'delete service digits']);
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

describe('a finished run', () => {
  const pods = (run: TrainingRun) => [aFinishedPod(run, 1, 0, { exitCode: 65 }), aRunningPod(run, 1, 1)];

  it.each([
    ['Running', ['delete digits-1-1', 'delete service digits']],
    ['All', ['delete digits-1-0', 'delete digits-1-1', 'delete service digits']],
    ['None', []],
  ] as const)('with cleanPodPolicy %s deletes %j', (cleanPodPolicy, deletions) => {
    const run = running({ cleanPodPolicy });
    expect(names(plan(run, pods(run), { service: serviceOf(run) }).actions)).toEqual(deletions);
  });

  it('is deleted when its time to live is over', () => {
    const run = running({ ttlAfterFinished: '1h' });
    const done = after(run, { pods: pods(run) });
    expect(plan(done, []).requeueAfterMs).toBe(3600 * secondMs);
    const { actions, announcements } = plan(done, [], { nowMs: startMs + 3600 * secondMs });
    expect(actions).toEqual([{ type: 'deleteRun', uid: 'uid-1' }]);
    expect(announcements).toMatchObject([{ reason: 'Expired' }]);
  });

  it('with a time to live of 0 goes at once', () => {
    const run = running({ ttlAfterFinished: '0s' });
    expect(names(plan(after(run, { pods: pods(run) }), []).actions)).toEqual(['delete run']);
  });
});

describe('progress', () => {
  const run = running();

  it('is copied from the document of the present attempt', () => {
    const { status } = plan(run, gangOf(run), {
      progress: aProgressDocument(250, { checkpoint: aCheckpoint(200) }),
    });
    expect(status).toMatchObject({ progress: { step: 250, percent: 25 }, checkpoint: { step: 200 } });
    expect(condition(status, 'CheckpointReady')?.status).toBe('True');
  });

  it('of another attempt or another run is ignored', () => {
    expect(
      plan(run, gangOf(run), { progress: aProgressDocument(250, { attempt: 2 }) }).status.progress,
    ).toBeUndefined();
    expect(
      plan(run, gangOf(run), { progress: aProgressDocument(250, { runUid: 'x' }) }).status.progress,
    ).toBeUndefined();
  });

  it('shows no rate and no time to the end while nothing trains', () => {
    const failed = [aFinishedPod(run, 1, 0, { exitCode: 70 }), aRunningPod(run, 1, 1)];
    const { status } = plan(run, failed, { progress: aProgressDocument(250) });
    expect(status.progress).toMatchObject({ step: 250 });
    expect(status.progress).not.toHaveProperty('etaSeconds');
    expect(status.progress).not.toHaveProperty('imagesPerSecond');
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
