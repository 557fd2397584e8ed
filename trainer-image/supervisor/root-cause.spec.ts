import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRootCause, settleMs, type RankEnd } from './root-cause.ts';

const peerLost = (rank: number, atMs: number): RankEnd => ({
  rank,
  atMs,
  how: 'failed',
  failure: { reason: 'PeerLost', message: 'connection reset' },
});
const killed = (rank: number, atMs: number): RankEnd => ({ rank, atMs, how: 'signal', signal: 'SIGKILL' });
const terminated = (rank: number, atMs: number): RankEnd => ({
  rank,
  atMs,
  how: 'signal',
  signal: 'SIGTERM',
});

describe('the root cause', () => {
  it('is the rank that a signal ended, also when its peers were heard first', () => {
    const verdict = findRootCause([peerLost(0, 10), killed(1, 14)], false, 14);
    expect(verdict).toMatchObject({ reason: 'RankKilled', rank: 1, exitCode: 137 });
  });

  it('is the first of several that failed by themselves', () => {
    const failure = { reason: 'Diverged' as const, message: 'NaN', step: 7 };
    const diverged: RankEnd = { rank: 3, atMs: 5, how: 'failed', failure };
    expect(findRootCause([killed(1, 9), diverged], false, 9)).toMatchObject({
      reason: 'Diverged',
      rank: 3,
      step: 7,
      exitCode: 66,
    });
  });

  it('is waited for while only followers are known, and then lies elsewhere', () => {
    expect(findRootCause([peerLost(0, 10)], false, 10 + settleMs - 1)).toBe('wait');
    expect(findRootCause([peerLost(0, 10)], false, 10 + settleMs)).toMatchObject({
      reason: 'PeerLost',
      rank: 0,
    });
  });

  it('is the request to stop when a rank ended by the same SIGTERM', () => {
    expect(findRootCause([terminated(1, 10)], false, 11)).toBe('wait');
    expect(findRootCause([terminated(1, 10)], true, 11)).toMatchObject({ reason: 'Terminated' });
  });

  it('is a stranger when SIGTERM reached a rank but not the supervisor', () => {
    const verdict = findRootCause([peerLost(0, 9), terminated(1, 10)], false, 9 + settleMs);
    expect(verdict).toMatchObject({ reason: 'RankKilled', rank: 1, exitCode: 143 });
  });

  it('quotes the last words of a rank that gave no reason', () => {
    const ended: RankEnd = { rank: 0, atMs: 1, how: 'exit', exitCode: 9, lastWords: 'out of handles' };
    const verdict = findRootCause([ended], false, 1);
    expect(verdict).toMatchObject({ reason: 'Internal', exitCode: 9 });
    expect(verdict).toHaveProperty('message', expect.stringContaining('out of handles'));
  });

  it('does not depend on the order in which ends are listed', () => {
    const end = fc.oneof(
      fc.tuple(fc.nat(7), fc.nat(100)).map(([rank, atMs]) => peerLost(rank, atMs)),
      fc.tuple(fc.nat(7), fc.nat(100)).map(([rank, atMs]) => killed(rank, atMs)),
    );
    const distinct = fc.uniqueArray(end, { selector: (one) => one.atMs, minLength: 1 });
    fc.assert(
      fc.property(distinct, fc.boolean(), fc.nat(2000), (ends, stopping, nowMs) => {
        expect(findRootCause(ends.toReversed(), stopping, nowMs)).toEqual(
          findRootCause(ends, stopping, nowMs),
        );
      }),
    );
  });
});
