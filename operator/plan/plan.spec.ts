import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { serviceOf } from './services.ts';
import {
  aCheckpoint,
  aFinishedPod,
  aPod,
  aProgressDocument,
  aRun,
  aRunningPod,
  startMs,
} from './testing/fixtures.ts';
import { after, condition, gangOf, names, plan, running, secondMs, started } from './testing/plans.ts';

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
    expect(announcements).toEqual([]);
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

describe('a first attempt whose pods were made and whose status was not written', () => {
  it('is put on record with the pods that there are', () => {
    const run = aRun();
    const { status, actions } = plan(run, [aPod(run, 1, 0)], { service: serviceOf(run) });
    expect(status).toMatchObject({ phase: 'Starting', attempt: 1 });
    expect(names(actions)).toEqual(['create digits-1-1']);
  });

  it('goes on when a pod of it runs, or has ended', () => {
    const run = aRun();
    const pods = [aRunningPod(run, 1, 0), aFinishedPod(run, 1, 1, { exitCode: 70 })];
    const { status } = plan(run, pods);
    expect(status).toMatchObject({ phase: 'Starting', attempt: 1 });
    expect(plan({ ...run, status }, pods).status).toMatchObject({ phase: 'Restarting', attempt: 1 });
  });

  it('ends when the run was suspended meanwhile', () => {
    const run = aRun({ suspend: true });
    const { status, actions } = plan(run, [aPod(run, 1, 0), aPod(run, 1, 1)]);
    expect(status.phase).toBe('Suspended');
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
  });

  it('ends when the spec was changed meanwhile, and a second is made of the new one', () => {
    const before = aRun();
    const run = aRun({ recipe: { batchSize: 48 } });
    const waiting = plan(run, [aPod(before, 1, 0), aPod(before, 1, 1)]);
    expect(waiting.status.phase).toBe('Pending');
    expect(names(waiting.actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
  });
});

describe('a gang that starts', () => {
  it('gets only the pods that are missing, after a crash between two of them', () => {
    const run = started();
    const { actions } = plan(run, [aPod(run, 1, 0)], { service: serviceOf(run) });
    expect(names(actions)).toEqual(['create digits-1-1']);
  });

  it('says that a quota has no room for it until its pods are there', () => {
    const run = started();
    const refusal = { message: 'Pod digits-1-1 cannot be created: exceeded quota: small', isQuota: true };
    const waiting = plan(run, [aPod(run, 1, 0)], { refusal }).status;
    expect(condition(waiting, 'Running')).toMatchObject({
      status: 'False',
      reason: 'QuotaExceeded',
      message: `Attempt 1 starts with 2 pods. ${refusal.message}`,
    });
    const made = plan({ ...run, status: waiting }, [aPod(run, 1, 0), aPod(run, 1, 1)], { refusal }).status;
    expect(condition(made, 'Running')).toMatchObject({ status: 'False', reason: 'GangStarting' });
  });

  it('runs when all its pods do', () => {
    const run = started();
    expect(plan(run, [aRunningPod(run, 1, 0), aPod(run, 1, 1)]).status.phase).toBe('Starting');
    const { status, announcements, readProgressFrom } = plan(run, gangOf(run));
    expect(status).toMatchObject({ phase: 'Running', trainers: { desired: 2, ready: 2 } });
    expect(condition(status, 'Running')).toMatchObject({ status: 'True', reason: 'TrainersRunning' });
    expect(announcements).toEqual([]);
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
    const run = after(aRun(), { pods: [aFinishedPod(aRun(), 3, 0, { exitCode: 1 })] });
    expect(run.status).toMatchObject({ phase: 'Starting', attempt: 4 });
    const { actions } = plan(run, [aRunningPod(run, 3, 1)], { service: serviceOf(run) });
    expect(names(actions)).toEqual(['delete digits-3-1']);
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
    expect(actions).toEqual([]);
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

describe('a finished run', () => {
  const pods = (run: TrainingRun) => [aFinishedPod(run, 1, 0, { exitCode: 65 }), aRunningPod(run, 1, 1)];

  it.each([
    ['Running', ['delete digits-1-1']],
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

describe('a run with fields of a newer version', () => {
  const run = running();
  const { recipe, trainers, ...rest } = run.spec;
  const newer = {
    ...run,
    newer: 1,
    spec: {
      ...rest,
      recipe: { ...recipe, optimizer: { ...recipe.optimizer, newer: [{}] } },
      trainers: { ...trainers, newer: {} },
      newer: null,
    },
  };

  it('is planned as if they were not there, so that an upgrade of the CRD alone changes nothing', () => {
    expect(plan(newer, gangOf(run))).toEqual(plan(run, gangOf(run)));
  });

  it('is refused for what else is wrong with it', () => {
    const wrong = { ...newer, spec: { ...newer.spec, trainers: { ...newer.spec.trainers, pods: 0 } } };
    const { status } = plan(wrong, gangOf(run));
    expect(condition(status, 'Failed')?.message).toBe('spec.trainers.pods must be at least 1');
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
