import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { takeInterruptions } from './interruption.ts';

/** Interruptions whose effects are written down, on a clock that is set by hand. */
function interruptions() {
  const signals = new EventEmitter();
  const effects: string[] = [];
  let nowMs = 0;
  const clock = { now: () => nowMs, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const interruption = takeInterruptions(signals, clock, {
    onFirst: () => effects.push('first'),
    onSecond: () => effects.push('second'),
  });
  const send = (signal: string, atMs: number) => {
    nowMs = atMs;
    signals.emit(signal);
  };
  return { signals, effects, interruption, send };
}

describe('an interruption', () => {
  it('is asked for once, insisted on once, and has no further effect', () => {
    const { effects, send } = interruptions();
    for (const atMs of [0, 1000, 2000, 3000]) send('SIGINT', atMs);
    expect(effects).toEqual(['first', 'second']);
  });

  it('is not insisted on by the same Ctrl-C that npm sends on', () => {
    const { effects, send } = interruptions();
    send('SIGINT', 0);
    send('SIGINT', 20);
    send('SIGTERM', 499);
    expect(effects).toEqual(['first']);
  });

  it('is known by its first signal', () => {
    const { interruption, send } = interruptions();
    expect(interruption.received()).toBeUndefined();
    send('SIGTERM', 0);
    send('SIGINT', 1000);
    expect(interruption.received()).toBe('SIGTERM');
  });

  it('leaves the signals alone once released', () => {
    const { signals, interruption } = interruptions();
    interruption.release();
    expect(signals.eventNames()).toEqual([]);
  });
});
