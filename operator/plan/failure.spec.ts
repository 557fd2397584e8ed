import { describe, expect, it } from 'vitest';
import type { TrainingRunSpecInput } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Pod } from '../api/wire.ts';
import { backoffMs } from './backoff.ts';
import { judge, type Judgement } from './failure.ts';
import { readPodFailure, type PodFailure } from './pod-failure.ts';
import { findRootCause } from './root-cause.ts';
import { aCheckpoint, aFinishedPod, aPod, aRun, aRunningPod, deleted, startMs } from './testing/fixtures.ts';

const run = aRun();

function failureOf(pod: Pod): PodFailure {
  const failure = readPodFailure(pod, startMs);
  if (failure === undefined) throw new Error('the pod did not fail');
  return failure;
}

function judged(
  end: Parameters<typeof aFinishedPod>[3],
  policy: TrainingRunSpecInput['failurePolicy'] = {},
  status: TrainingRunStatus = {},
): Judgement {
  const { failurePolicy } = aRun({ failurePolicy: policy }).spec;
  return judge(failureOf(aFinishedPod(run, 1, 0, end)), failurePolicy, status);
}

describe('how a pod failed', () => {
  it('is what its trainer said, with the rank and the exit code of that rank', () => {
    const pod = aFinishedPod(run, 1, 0, {
      lastWords: { reason: 'RankKilled', rank: 3, exitCode: 137, message: 'killed' },
    });
    expect(failureOf(pod)).toMatchObject({
      reason: 'RankKilled',
      rank: 3,
      exitCode: 137,
      message: 'killed',
      pod: 'digits-1-0',
    });
  });

  it.each([
    ['OutOfMemory', { exitCode: 137, containerReason: 'OOMKilled' }],
    ['Signalled', { exitCode: 137 }],
    ['Signalled', { exitCode: 1, signal: 11 }],
    ['ExitCode', { exitCode: 3 }],
    ['NodeLost', { exitCode: 137, podReason: 'NodeLost', lastWords: { reason: 'PeerLost' as const } }],
    ['Evicted', { exitCode: 137, podReason: 'Evicted' }],
    [
      'Preempted',
      {
        exitCode: 143,
        conditions: [{ type: 'DisruptionTarget', status: 'True' as const, reason: 'PreemptionByScheduler' }],
      },
    ],
    [
      'NodeLost',
      {
        exitCode: 143,
        conditions: [{ type: 'DisruptionTarget', status: 'True' as const, reason: 'DeletionByTaintManager' }],
      },
    ],
    [
      'Evicted',
      {
        exitCode: 143,
        conditions: [{ type: 'DisruptionTarget', status: 'True' as const, reason: 'SomethingNew' }],
      },
    ],
  ])('is %s for %j', (reason, end) => {
    expect(failureOf(aFinishedPod(run, 1, 0, end)).reason).toBe(reason);
  });

  it('keeps the end of the log when there are no last words', () => {
    const pod = aFinishedPod(run, 1, 0, {
      exitCode: 127,
      text: 'libcudart.so.12: cannot open shared object file',
    });
    expect(failureOf(pod).message).toContain('libcudart.so.12');
  });

  it('is PodDeleted, since the moment somebody asked for it, while it is on its way out', () => {
    expect(failureOf(deleted(aRunningPod(run, 1, 0), startMs))).toMatchObject({
      reason: 'PodDeleted',
      atMs: startMs,
    });
  });

  it('is nothing for a pod that runs, waits or succeeded', () => {
    for (const pod of [aPod(run, 1, 0), aRunningPod(run, 1, 0), aFinishedPod(run, 1, 0)]) {
      expect(readPodFailure(pod, startMs)).toBeUndefined();
    }
  });
});

describe('the root cause among failures', () => {
  const failed = (index: number, reason: PodFailure['reason'], atMs: number): PodFailure => ({
    pod: `digits-1-${index}`,
    reason,
    message: '',
    atMs,
    hasSaved: false,
    podConditions: [],
  });

  it('is never a pod that only lost its peer, even when that was seen first', () => {
    expect(findRootCause([failed(0, 'PeerLost', 1000), failed(1, 'RankKilled', 3000)])?.pod).toBe(
      'digits-1-1',
    );
  });

  it('is the earliest', () => {
    expect(findRootCause([failed(0, 'Internal', 9000), failed(1, 'RankKilled', 3000)])?.pod).toBe(
      'digits-1-1',
    );
  });

  it('is the one that explains more when both fall in the same second', () => {
    expect(findRootCause([failed(0, 'ExitCode', 1000), failed(1, 'Diverged', 2000)])?.reason).toBe(
      'Diverged',
    );
  });

  it('is the smallest index when nothing else tells them apart', () => {
    expect(findRootCause([failed(10, 'Diverged', 1000), failed(9, 'Diverged', 1000)])?.pod).toBe(
      'digits-1-9',
    );
  });

  it('is being told to stop rather than losing a peer when all followed', () => {
    expect(findRootCause([failed(0, 'PeerLost', 1000), failed(1, 'Terminated', 4000)])?.reason).toBe(
      'Terminated',
    );
  });
});

describe('what follows from a failure', () => {
  it.each([
    ['InvalidRecipe', 'fail'],
    ['IncompatibleCheckpoint', 'fail'],
    ['InvalidData', 'fail'],
    ['Diverged', 'fail'],
    ['PeerLost', 'charged'],
    ['RankKilled', 'charged'],
    ['Internal', 'charged'],
    ['ReplicasDiverged', 'charged'],
    ['CheckpointFailed', 'charged'],
    ['RendezvousTimeout', 'charged'],
    ['Terminated', 'charged'],
  ] as const)('%s: %s', (reason, expected) => {
    const judgement = judged({ lastWords: { reason } });
    expect(judgement.action === 'fail' ? 'fail' : judgement.isCharged ? 'charged' : 'uncharged').toBe(
      expected,
    );
  });

  it('fails at once for exit codes 64 to 66 when the message was lost', () => {
    for (const exitCode of [64, 65, 66])
      expect(judged({ exitCode })).toMatchObject({ reason: 'PermanentFailure' });
  });

  it('charges nothing when the trainer was told to stop and saved a checkpoint', () => {
    expect(judged({ lastWords: { reason: 'Terminated', checkpoint: aCheckpoint(7) } })).toMatchObject({
      isCharged: false,
    });
  });

  it('charges nothing for what the node did', () => {
    for (const podReason of ['Evicted', 'Preempting', 'NodeLost']) {
      expect(judged({ exitCode: 137, podReason })).toMatchObject({ action: 'restart', isCharged: false });
    }
  });

  it('is decided by the first rule that matches in every field', () => {
    const rules = [
      { name: 'both', action: 'Fail' as const, reasons: ['RankKilled'], exitCodes: [139] },
      { action: 'RestartUncharged' as const, messagePattern: 'ECC error', reasons: ['RankKilled'] },
      { action: 'Fail' as const, reasons: ['RankKilled'] },
    ];
    const end = (message: string, exitCode = 137) => ({
      lastWords: { reason: 'RankKilled' as const, exitCode, message },
    });
    expect(judged(end('an ECC error on GPU 3'), { rules })).toMatchObject({
      action: 'restart',
      isCharged: false,
    });
    expect(judged(end('something else'), { rules })).toMatchObject({
      action: 'fail',
      reason: 'FailedByRule',
    });
    const both = judged(end('an ECC error', 139), { rules });
    expect(both).toMatchObject({ action: 'fail', reason: 'FailedByRule' });
    expect('message' in both && both.message).toContain(
      'both says Fail: RankKilled, pod digits-1-0, exit code 139',
    );
  });

  it('is decided by a rule on the pod conditions', () => {
    const rules = [{ action: 'Fail' as const, podConditions: ['DisruptionTarget'] }];
    const conditions = [{ type: 'DisruptionTarget', status: 'True' as const }];
    expect(judged({ exitCode: 143, conditions }, { rules })).toMatchObject({ action: 'fail' });
    expect(judged({ exitCode: 143 }, { rules })).toMatchObject({ action: 'restart' });
  });

  it('is not held up by a pattern that backtracks without end, nor by one that is none', () => {
    const text = `${'a'.repeat(40)}!`;
    for (const messagePattern of ['(a+)+$', '(']) {
      const rules = [{ action: 'Fail' as const, messagePattern }];
      expect(judged({ exitCode: 3, text }, { rules })).toMatchObject({ action: 'restart' });
    }
  });
});

describe('the budget of restarts', () => {
  const end = { exitCode: 70 };
  const usedUp = { restarts: { total: 3, charged: 3 }, attemptFromStep: 100, checkpoint: aCheckpoint(100) };

  it('fails the run when it is used up', () => {
    expect(judged(end, { maxRestarts: 3 }, usedUp)).toMatchObject({
      action: 'fail',
      reason: 'MaxRestartsReached',
    });
  });

  it('starts over when a later checkpoint than the attempt began with was saved', () => {
    const progressed = { ...usedUp, checkpoint: aCheckpoint(101) };
    expect(judged(end, { maxRestarts: 3 }, progressed)).toMatchObject({ restarts: { total: 4, charged: 1 } });
    expect(judged(end, { maxRestarts: 3, resetOnProgress: false }, progressed)).toMatchObject({
      action: 'fail',
    });
  });

  it('of 0 allows none, even after progress', () => {
    expect(judged(end, { maxRestarts: 0 }, { checkpoint: aCheckpoint(5) })).toMatchObject({ action: 'fail' });
  });

  it('is not needed for restarts that are not charged', () => {
    expect(judged({ exitCode: 137, podReason: 'Evicted' }, { maxRestarts: 3 }, usedUp)).toMatchObject({
      action: 'restart',
      restarts: { total: 4, charged: 3 },
    });
  });
});

describe('the backoff', () => {
  const { failurePolicy } = run.spec;

  it('doubles from 10 s to 5 min', () => {
    expect([1, 2, 3, 4, 5, 6, 1000].map((restarts) => backoffMs(failurePolicy, restarts) / 1000)).toEqual([
      10, 20, 40, 80, 160, 300, 300,
    ]);
  });

  it('begins again after a new checkpoint', () => {
    const status = { restarts: { total: 9, charged: 0, withoutProgress: 9 }, attemptFromStep: 1 };
    expect(judged({ exitCode: 70 }, {}, { ...status, checkpoint: aCheckpoint(1) })).toMatchObject({
      restarts: { withoutProgress: 10 },
    });
    expect(judged({ exitCode: 70 }, {}, { ...status, checkpoint: aCheckpoint(2) })).toMatchObject({
      restarts: { withoutProgress: 1 },
    });
  });
});
