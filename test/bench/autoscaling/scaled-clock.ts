import { systemClock, type Clock } from '../../../operator/base/clock.ts';

/** The machine's own clock, so many times as fast. */
export function scaledClock(speed: number): Clock {
  const startMs = systemClock.now();
  return {
    monotonicMs: () => systemClock.monotonicMs() * speed,
    now: () => startMs + (systemClock.now() - startMs) * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  };
}
