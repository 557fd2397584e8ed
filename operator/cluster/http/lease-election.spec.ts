import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aborted } from '../../base/abort.ts';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import { leases } from './lease.ts';
import { whileLeader, type ElectionEnd, type Term } from './lease-election.ts';
import { createLeaseServer, type Connection, type LeaseServer } from './testing/lease-server.ts';

let clock: ManualClock;
let server: LeaseServer;
let everybody: AbortController;

beforeEach(() => {
  clock = new ManualClock();
  server = createLeaseServer();
  everybody = new AbortController();
});

afterEach(async () => {
  everybody.abort();
  await clock.advance(60_000);
});

interface Candidate {
  readonly connection: Connection;
  readonly stop: AbortController;
  /** Its time in office, once it has one. */
  term: Term | undefined;
  end: ElectionEnd | undefined;
}

function candidate(identity: string, own = clock, lead?: (term: Term) => Promise<void>): Candidate {
  const stop = new AbortController();
  everybody.signal.addEventListener('abort', () => stop.abort());
  const connection = server.connect();
  const self: Candidate = { connection, stop, term: undefined, end: undefined };
  const options = {
    cluster: connection.cluster,
    lease: { namespace: 'system', name: 'operator' },
    identity,
    clock: own,
    random: () => 0,
  };
  void whileLeader(options, stop.signal, async (term) => {
    self.term = term;
    await (lead ?? ((each: Term) => aborted(each.signal)))(term);
  }).then((end) => (self.end = end));
  return self;
}

const isLeader = ({ term }: Candidate) => term?.isLeader() === true;

describe('an election', () => {
  it('is won at once where nobody holds the lease', async () => {
    const a = candidate('a');
    await clock.advance(0);
    expect(isLeader(a)).toBe(true);
    expect(server.spec()).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('has one winner among many', async () => {
    const all = Array.from({ length: 5 }, (_, index) => candidate(`c${index}`));
    await clock.advance(120_000);
    expect(all.filter(isLeader)).toHaveLength(1);
    expect(server.spec()?.leaseTransitions).toBe(0);
  });

  it('is renewed every 2 s with one request', async () => {
    const a = candidate('a');
    await clock.advance(0);
    server.calls.length = 0;
    await clock.advance(20_000);
    expect(server.calls).toEqual(Array(10).fill('patch'));
    expect(isLeader(a)).toBe(true);
    expect(server.spec()?.renewTime).toBe('2026-01-01T00:00:20.000000Z');
  });

  it('goes to a standby within 2 s of a graceful stop', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    await clock.advance(5_000);
    expect(isLeader(b)).toBe(false);
    a.stop.abort();
    await clock.advance(2_000);
    expect(a.end).toBe('stopped');
    expect(isLeader(b)).toBe(true);
    expect(server.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('is not given up before the leader has ended its work', async () => {
    let finish: () => void = () => undefined;
    const a = candidate('a', clock, () => new Promise((resolve) => (finish = resolve)));
    await clock.advance(0);
    const b = candidate('b');
    a.stop.abort();
    await clock.advance(5_000);
    expect([isLeader(a), isLeader(b)]).toEqual([false, false]);
    finish();
    await clock.advance(2_000);
    expect(isLeader(b)).toBe(true);
  });

  it('goes to a standby the moment that the dead leader has been silent for 13 s, not at its next look', async () => {
    const a = candidate('a');
    await clock.advance(0);
    await clock.advance(300);
    const b = candidate('b');
    await clock.advance(3_700);
    a.connection.state = 'cut';
    // The last sign of life was at 4 s, and is seen at 4.3 s.
    await clock.advance(13_299);
    expect(isLeader(b)).toBe(false);
    await clock.advance(1);
    expect(isLeader(b)).toBe(true);
  });

  it.each(['cut', 'refusing'] as const)(
    'is lost after 10 s by a leader whose server is %s, before anybody else can win it',
    async (state) => {
      const a = candidate('a');
      await clock.advance(0);
      const b = candidate('b');
      a.connection.state = state;
      await clock.advance(9_000);
      expect(isLeader(a)).toBe(true);
      await clock.advance(1_500);
      expect(isLeader(a)).toBe(false);
      expect(isLeader(b)).toBe(false);
      await clock.advance(2_000);
      expect(a.end).toBe('lost');
      expect(a.term?.signal.aborted).toBe(true);
    },
  );

  it('survives an outage shorter than the renew deadline', async () => {
    const a = candidate('a');
    await clock.advance(0);
    a.connection.state = 'refusing';
    await clock.advance(7_000);
    a.connection.state = 'open';
    await clock.advance(20_000);
    expect(isLeader(a)).toBe(true);
    expect(a.end).toBeUndefined();
  });

  it('makes a leader that was frozen see at once that it is too late, before its timers do', async () => {
    const a = candidate('a');
    await clock.advance(0);
    // Time has passed but nothing of this process has run yet.
    const frozen = a.term;
    const late = clock.now.bind(clock);
    clock.now = () => late() + 20_000;
    expect(frozen?.isLeader()).toBe(false);
    expect(frozen?.signal.aborted).toBe(false);
    clock.now = late;
  });

  it('goes on where the clock is set back, and a standby takes over no sooner and no later', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    clock.set(clock.now() - 3_600_000);
    await clock.advance(60_000);
    expect([a, b].map(isLeader)).toEqual([true, false]);
    a.connection.state = 'cut';
    clock.set(clock.now() - 3_600_000);
    await clock.advance(11_000);
    expect([a, b].map(isLeader)).toEqual([false, false]);
    await clock.advance(4_000);
    expect([a, b].map(isLeader)).toEqual([false, true]);
  });

  it('is not won sooner by a standby whose clock is set forward', async () => {
    const theirs = new ManualClock();
    const a = candidate('a', theirs);
    await theirs.advance(0);
    const b = candidate('b');
    await clock.advance(2_000);
    clock.set(clock.now() + 3_600_000);
    await clock.advance(9_000);
    expect([a, b].map(isLeader)).toEqual([true, false]);
    expect(server.spec()?.holderIdentity).toBe('a');
  });

  it('does not believe the times in the record, as clocks of machines differ', async () => {
    const ahead = new ManualClock(clock.now() + 3_600_000);
    candidate('a');
    await clock.advance(0);
    const b = candidate('b', ahead);
    for (let second = 0; second < 30; second += 1) {
      await clock.advance(1_000);
      await ahead.advance(1_000);
    }
    expect(isLeader(b)).toBe(false);
    b.stop.abort();
    await ahead.advance(2_000);
  });

  it('is lost when somebody else has taken the lease', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const thief = server.connect();
    const key = { namespace: 'system', name: 'operator' };
    const stolen = await thief.cluster.get(leases, key);
    const preconditions = { resourceVersion: stolen?.metadata.resourceVersion ?? '' };
    await thief.cluster.patch(leases, key, { spec: { holderIdentity: 'thief' } }, preconditions);
    await clock.advance(12_500);
    expect(a.end).toBe('lost');
    expect(server.spec()?.holderIdentity).toBe('thief');
  });

  it('ends with work that fails, and gives the lease up', async () => {
    const connection = server.connect();
    const options = {
      cluster: connection.cluster,
      lease: { namespace: 'system', name: 'operator' },
      identity: 'a',
      clock,
      random: () => 0,
    };
    const failing = whileLeader(options, everybody.signal, () => Promise.reject(new Error('a bug')));
    await expect(failing).rejects.toThrow('a bug');
    expect(server.spec()?.holderIdentity).toBe('');
  });

  it('is given up by a candidate that was stopped while it asked', async () => {
    const a = candidate('a');
    a.stop.abort();
    await clock.advance(0);
    expect(a.term).toBeUndefined();
    expect(a.end).toBe('stopped');
    expect(server.spec()?.holderIdentity).toBe('');
  });
});
