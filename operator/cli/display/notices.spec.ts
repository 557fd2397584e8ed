import { describe, expect, it } from 'vitest';
import { noticesBetween } from './notices.ts';
import { halfway, testRun } from './test-run.ts';

const nowMs = Date.parse('2026-01-01T00:01:00Z');
const failure = {
  attempt: 1,
  pod: 'quickstart-1-0',
  rank: 1,
  reason: 'RankKilled',
  exitCode: 137,
  message: 'rank 1 was ended by SIGKILL',
  at: '2026-01-01T00:00:59Z',
};

describe('notices', () => {
  it('name who failed first, why, and when it goes on', () => {
    const restarting = testRun({
      ...halfway,
      phase: 'Restarting',
      lastFailure: failure,
      nextAttemptAt: '2026-01-01T00:01:10Z',
    });
    const second = testRun({ ...restarting.status, phase: 'Starting', attempt: 2, attemptFromStep: 1404 });
    expect(noticesBetween(testRun(halfway), restarting, nowMs)).toEqual([
      'default/quickstart: attempt 1 failed: RankKilled, rank 1 of quickstart-1-0, exit code 137: rank 1 was ended by SIGKILL; starting again in 10 s',
    ]);
    expect(noticesBetween(restarting, restarting, nowMs)).toEqual([]);
    expect(noticesBetween(restarting, second, nowMs)).toEqual([
      'default/quickstart: attempt 2 starts from the checkpoint of step 1404',
    ]);
  });

  it('name a checkpoint that could not be continued from, and why', () => {
    const second = testRun({ ...halfway, attempt: 2, attemptFromStep: 1404 });
    const skippedCheckpoints = [{ uri: 's3://runs/step-000000001872', why: 'it has no manifest.json' }];
    const told = testRun({ ...second.status, attemptFromStep: 936, skippedCheckpoints });
    expect(noticesBetween(second, told, nowMs)).toEqual([
      'default/quickstart: Attempt 2 continued from step 936. It could not continue from s3://runs/step-000000001872: it has no manifest.json',
    ]);
    expect(noticesBetween(told, told, nowMs)).toEqual([]);
  });

  it('say why a run failed for good', () => {
    const failed = testRun({
      phase: 'Failed',
      conditions: [
        {
          type: 'Failed',
          status: 'True',
          reason: 'PermanentFailure',
          message: 'the data is truncated',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    });
    expect(noticesBetween(testRun(halfway), failed, nowMs)).toEqual([
      'default/quickstart: failed: PermanentFailure: the data is truncated',
    ]);
  });

  it('are none when nothing went wrong', () => {
    expect(noticesBetween(undefined, testRun({ phase: 'Starting', attempt: 1 }), nowMs)).toEqual([]);
    expect(noticesBetween(testRun({ phase: 'Starting', attempt: 1 }), testRun(halfway), nowMs)).toEqual([]);
  });
});
