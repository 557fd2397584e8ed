import type { ManualClock } from '../../../operator/base/testing/manual-clock.ts';

/**
 * Lets time pass until it holds, from one sleeper to the next as soon as nothing is left to do at a moment.
 * @throws RangeError when it does not hold by `untilMs`
 */
export async function runUntil(clock: ManualClock, holds: () => boolean, untilMs: number): Promise<void> {
  await clock.advance(0);
  while (!holds()) {
    const { nextDueInMs } = clock;
    if (nextDueInMs === undefined || clock.now() + nextDueInMs > untilMs)
      throw new RangeError('what was waited for never came');
    await clock.advance(Math.max(0, nextDueInMs));
  }
}
