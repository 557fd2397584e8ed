import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Autoscaling, Stopping } from '../api/v1alpha1/training-sweep-spec.ts';
import { mayPassRung } from './asha.ts';
import { isWorseThanMedian, median } from './median.ts';
import { rungEpochs, withEvaluation } from './rungs.ts';
import { scale, type ScalingState } from './scaling.ts';

const losses = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 });

describe('rungs', () => {
  const stopping = (fields: Partial<Stopping>): Stopping => ({
    algorithm: 'asha',
    minEpochs: 1,
    reductionFactor: 4,
    minTrials: 3,
    ...fields,
  });

  it('are so many times as long each, and end before the trial does', () => {
    expect(rungEpochs(stopping({}), 120)).toEqual([1, 4, 16, 64]);
    expect(rungEpochs(stopping({ minEpochs: 5, reductionFactor: 3 }), 45)).toEqual([5, 15]);
    expect(rungEpochs(stopping({ algorithm: 'median' }), 8)).toEqual([1, 2, 4]);
    expect(rungEpochs(stopping({ algorithm: 'none' }), 8)).toEqual([]);
  });

  it('take the first evaluation that is seen at or after them', () => {
    const rungs = [1, 4, 16];
    const first = withEvaluation([], rungs, { value: 0.5, epoch: 1 });
    expect(first).toEqual([0.5]);
    expect(withEvaluation(first, rungs, { value: 0.6, epoch: 3 })).toBe(first);
    expect(withEvaluation(first, rungs, { value: 0.9, epoch: 17 })).toEqual([0.5, 0.9, 0.9]);
  });
});

describe('successive halving', () => {
  it('lets exactly the best share pass a rung when all values differ', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 6 }),
        (values, factor) => {
          const all = [...values].sort((left, right) => left - right);
          const passing = all.filter((loss) => mayPassRung(loss, all, factor));
          expect(passing.length).toBe(Math.floor(all.length / factor));
          expect(
            passing.every((loss) => all.every((other) => other >= loss || passing.includes(other))),
          ).toBe(true);
        },
      ),
    );
  });

  it('promotes a trial that waits when worse ones have come', () => {
    expect(mayPassRung(3, [3], 4)).toBe(false);
    expect(mayPassRung(3, [3, 5, 6, 7], 4)).toBe(true);
  });
});

describe('the median', () => {
  it('has half of the values on either side', () => {
    expect(median([])).toBeUndefined();
    expect(median([3, 1])).toBe(2);
    fc.assert(
      fc.property(losses, (values) => {
        const middle = median(values) ?? NaN;
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('stops who is worse, not who is equal, and nobody while there are few', () => {
    expect(isWorseThanMedian(3, [1, 2, 2], 3)).toBe(true);
    expect(isWorseThanMedian(2, [1, 2, 2], 3)).toBe(false);
    expect(isWorseThanMedian(9, [1, 2], 3)).toBe(false);
  });
});

describe('scaling', () => {
  const settings: Autoscaling = {
    min: 1,
    max: 16,
    startWithin: '2m',
    giveBackAfter: '10m',
    retryAfter: '5m',
    minimumUsefulTime: '10m',
  };
  const minuteMs = 60_000;
  const nowMs = 1_000 * minuteMs;
  const state = (fields: Partial<ScalingState>): ScalingState => ({
    running: 0,
    waitingSinceMs: [],
    wasFull: false,
    hasGivenUp: false,
    nowMs,
    ...fields,
  });

  it('begins with the fewest and doubles while all run', () => {
    expect(scale(settings, state({}))).toEqual({ target: 1, isFull: false });
    expect(scale(settings, state({ target: 4, running: 4 })).target).toBe(8);
    expect(scale(settings, state({ target: 12, running: 12 })).target).toBe(16);
  });

  it('stays while a trial waits, and says that there is no room when it waits for long', () => {
    const waiting = (minutes: number) =>
      scale(settings, state({ target: 4, running: 3, waitingSinceMs: [nowMs - minutes * minuteMs] }));
    expect(waiting(1)).toEqual({ target: 4, isFull: false, dueAtMs: nowMs + minuteMs });
    expect(waiting(3)).toEqual({ target: 4, isFull: true, dueAtMs: nowMs + 7 * minuteMs });
  });

  it('gives up a trial that waits for too long, and tries again later with one more', () => {
    const longAgo = nowMs - 11 * minuteMs;
    expect(scale(settings, state({ target: 4, running: 3, waitingSinceMs: [longAgo] }))).toEqual({
      target: 3,
      isFull: true,
    });
    const after = { target: 3, running: 3, changedAtMs: nowMs - minuteMs, wasFull: true, hasGivenUp: true };
    expect(scale(settings, state(after))).toEqual({ target: 3, isFull: true, dueAtMs: nowMs + 4 * minuteMs });
    expect(scale(settings, state({ ...after, changedAtMs: nowMs - 6 * minuteMs })).target).toBe(4);
  });

  it('goes on doubling when what waited for a machine has got it', () => {
    const after = { target: 8, running: 8, changedAtMs: nowMs - 6 * minuteMs, wasFull: true };
    expect(scale(settings, state(after)).target).toBe(16);
  });

  it('never leaves its bounds', () => {
    fc.assert(
      fc.property(
        fc.record({
          target: fc.nat(40),
          running: fc.nat(40),
          waitingSinceMs: fc.array(fc.integer({ min: 0, max: nowMs }), { maxLength: 20 }),
          wasFull: fc.boolean(),
          hasGivenUp: fc.boolean(),
          changedAtMs: fc.nat(nowMs),
        }),
        (fields) => {
          const { target, dueAtMs = Infinity } = scale({ ...settings, min: 2 }, state(fields));
          expect(target).toBeGreaterThanOrEqual(2);
          expect(target).toBeLessThanOrEqual(16);
          expect(dueAtMs).toBeGreaterThan(nowMs);
        },
      ),
    );
  });
});
