import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import { createTokenBucket } from './token-bucket.ts';

describe('a token bucket', () => {
  it('lets a burst pass at once and then keeps to its rate, in order', async () => {
    const clock = new ManualClock();
    const bucket = createTokenBucket({ perSecond: 10, burst: 3 }, clock);
    const passed: number[] = [];
    const start = clock.now();
    for (let caller = 0; caller < 6; caller += 1)
      void bucket.take().then(() => passed.push(caller, clock.now() - start));
    await clock.advance(0);
    expect(passed).toEqual([0, 0, 1, 0, 2, 0]);
    await clock.advance(300);
    expect(passed.slice(6)).toEqual([3, 100, 4, 200, 5, 300]);
  });

  it('fills up again in a pause, but not beyond its burst', async () => {
    const clock = new ManualClock();
    const bucket = createTokenBucket({ perSecond: 10, burst: 2 }, clock);
    await Promise.all([bucket.take(), bucket.take()]);
    await clock.advance(60_000);
    expect(await Promise.all([bucket.take(), bucket.take()])).toEqual([0, 0]);
    const third = bucket.take();
    await clock.advance(100);
    expect(await third).toBe(100);
  });

  it('fills up as fast where the clock is set back', async () => {
    const clock = new ManualClock();
    const bucket = createTokenBucket({ perSecond: 10, burst: 1 }, clock);
    await bucket.take();
    clock.set(clock.now() - 3_600_000);
    await clock.advance(100);
    expect(await bucket.take()).toBe(0);
  });

  it('lets a caller go that is aborted', async () => {
    const clock = new ManualClock();
    const bucket = createTokenBucket({ perSecond: 1, burst: 1 }, clock);
    await bucket.take();
    const stop = new AbortController();
    const waiting = bucket.take(stop.signal);
    stop.abort();
    await waiting;
    expect(clock.sleeping).toBe(0);
  });
});
