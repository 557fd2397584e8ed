import { describe, expect, it } from 'vitest';
import type { Clock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import type { RankSnapshot } from '../train/rank-protocol.ts';
import { CheckpointFailed, createCheckpointCommitter } from './checkpoint-committer.ts';

const snapshot = (step: number): RankSnapshot => ({
  type: 'snapshot',
  folder: `/tmp/${step}`,
  step,
  stallSeconds: 0,
});

/** A committer on a store that fails its first `failures` tries, and what happened to it. */
function committerOn(failures: number, error: Error = new Error('no space left')) {
  const events: string[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    sleep: (ms) => {
      events.push(`wait ${ms}`);
      return Promise.resolve();
    },
  };
  let remaining = failures;
  const committer = createCheckpointCommitter({
    commit: async ({ step }) => {
      events.push(`begin ${step}`);
      await Promise.resolve();
      if (remaining > 0) {
        remaining -= 1;
        throw error;
      }
      events.push(`end ${step}`);
    },
    onFailedTry: () => events.push('failed'),
    clock,
    log: createLogger('silent'),
  });
  return { committer, events };
}

describe('the checkpoint committer', () => {
  it('commits one at a time in the order of the snapshots', async () => {
    const { committer, events } = committerOn(0);
    await Promise.all([committer.commit(snapshot(1)), committer.commit(snapshot(2))]);
    expect(events).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('tries again within 2 s, for 15 s of waiting in all, before it gives up', async () => {
    const passing = committerOn(8);
    await passing.committer.commit(snapshot(1));
    const waitsMs = passing.events
      .filter((event) => event.startsWith('wait'))
      .map((event) => Number(event.slice(5)));
    expect(waitsMs).toHaveLength(8);
    expect(Math.max(...waitsMs)).toBe(2000);
    expect(waitsMs.reduce((total, each) => total + each)).toBe(15_000);
    expect(passing.events.slice(-2)).toEqual(['begin 1', 'end 1']);
    const failing = committerOn(9);
    const failure = failing.committer.commit(snapshot(1));
    await expect(failure).rejects.toBeInstanceOf(CheckpointFailed);
    await expect(failure).rejects.toThrow('step 1 could not be saved in 9 tries: no space left');
    await failing.committer.idle();
  });

  it('does not try again when a newer attempt has fenced this one', async () => {
    const { committer, events } = committerOn(1, new Fenced('attempt 3 writes here'));
    await expect(committer.commit(snapshot(1))).rejects.toMatchObject({ reason: 'Fenced' });
    expect(events).toEqual(['begin 1']);
  });
});
