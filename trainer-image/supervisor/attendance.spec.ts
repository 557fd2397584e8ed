import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../operator/base/clock.ts';
import { ManualClock } from '../../operator/base/testing/manual-clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { attend, bidFarewell } from './attend.ts';
import { beatMs, silenceMs, takeAttendance, type Beat } from './attendance.ts';
import { plainText, serveHttp } from './http-server.ts';
import { chooseRankPorts } from './rank-ports.ts';

const guests = { runUid: 'u1', attempt: 2, pods: 3, ranksPerPod: 1 };
const beat = (podIndex: number, changes: Partial<Beat> = {}): Beat => ({
  ...{ runUid: 'u1', attempt: 2, podIndex },
  ...changes,
});

/** A clock on which every sleep is over at once, and the time has passed. */
function swiftClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('the attendance at pod 0', () => {
  it('misses a pod that falls silent, and not one that goes on or has left well', async () => {
    const lifetime = new AbortController();
    const clock = swiftClock();
    // Pod 1 is heard while time passes, until it is not.
    const passing: Clock = {
      ...clock,
      async sleep(ms) {
        await clock.sleep(ms);
        if (clock.now() < 10 * silenceMs) attendance.hear(beat(1));
      },
    };
    const attendance = takeAttendance(guests, passing, lifetime.signal);
    attendance.hear(beat(2, { leaving: 'well' }));
    const { verdict } = await attendance.lost;
    expect(verdict).toEqual({ reason: 'PeerLost', message: 'Pod 1 has not been heard of for 15 s.' });
    expect(clock.now()).toBeGreaterThanOrEqual(11 * silenceMs - 2 * beatMs);
    lifetime.abort();
  });

  it('does not take a clock that is set for silence', async () => {
    const lifetime = new AbortController();
    const clock = new ManualClock();
    const attendance = takeAttendance({ ...guests, pods: 2 }, clock, lifetime.signal);
    clock.set(clock.now() + 3_600_000);
    await clock.advance(silenceMs - beatMs);
    const isLost = attendance.lost.then(() => true);
    expect(await Promise.race([isLost, Promise.resolve(false)])).toBe(false);
    await clock.advance(2 * beatMs);
    expect(await isLost).toBe(true);
    lifetime.abort();
  });

  it('hears at once of a pod that failed', async () => {
    const lifetime = new AbortController();
    const attendance = takeAttendance(guests, systemClock, lifetime.signal);
    attendance.hear(beat(2, { leaving: 'failed' }));
    expect((await attendance.lost).verdict.message).toBe('Pod 2 has failed.');
    lifetime.abort();
  });

  it.each([
    ['another run', beat(1, { runUid: 'u2' })],
    ['another attempt', beat(1, { attempt: 1 })],
    ['a pod that is not of the gang', beat(3)],
    ['itself', beat(0)],
  ])('refuses a beat of %s', (_, stranger) => {
    const lifetime = new AbortController();
    const attendance = takeAttendance(guests, systemClock, lifetime.signal);
    expect(() => {
      attendance.hear(stranger);
    }).toThrow(expect.objectContaining({ reason: 'Fenced' }) as Error);
    lifetime.abort();
  });
});

describe('attending', () => {
  async function follower(clock: Clock) {
    const lifetime = new AbortController();
    const [port = 0] = await chooseRankPorts(1, true);
    const leaderUrl = () => Promise.resolve(`http://127.0.0.1:${port}`);
    return { lifetime, port, options: { self: beat(1), leaderUrl, clock, signal: lifetime.signal } };
  }

  it('learns from refused connections that pod 0 has ended', async () => {
    const { options, lifetime } = await follower(swiftClock());
    const { verdict } = await attend(options);
    expect(verdict).toMatchObject({ reason: 'PeerLost' });
    expect(verdict.message).toContain('Pod 0 does not answer any more');
    lifetime.abort();
  });

  it('goes on as long as pod 0 answers, and says goodbye', async () => {
    const { options, lifetime, port } = await follower(swiftClock());
    const heard: unknown[] = [];
    const enough = Promise.withResolvers<undefined>();
    const routes = {
      'POST /attendance': (body: string) => {
        if (heard.push(JSON.parse(body)) === 20) enough.resolve(undefined);
        return plainText(200, 'ok');
      },
    };
    const log = createLogger('silent');
    await serveHttp({ host: '127.0.0.1', port, routes, log, signal: lifetime.signal });
    expect(await Promise.race([attend(options), enough.promise])).toBeUndefined();
    await bidFarewell(options, 'well');
    expect(heard).toContainEqual(beat(1, { leaving: 'well' }));
    lifetime.abort();
  });
});
