import { describe, expect, it } from 'vitest';
import { Expectations } from './expectations.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';

function open() {
  const clock = new ManualClock();
  return { clock, expectations: new Expectations(clock, 10_000) };
}

describe('expectations', () => {
  it('are settled when nothing was written', () => {
    expect(open().expectations.state('vision/digits')).toBe('settled');
  });

  it('wait until the caches show every write, for this run only', () => {
    const { expectations } = open();
    const seen = { pod: false, status: false };
    expectations.expect('vision/digits', () => seen.pod);
    expectations.expect('vision/digits', () => seen.status);
    expect(expectations.state('vision/digits')).toEqual({ waitMs: 10_000 });
    expect(expectations.state('vision/other')).toBe('settled');
    seen.pod = true;
    expect(expectations.state('vision/digits')).toEqual({ waitMs: 10_000 });
    seen.status = true;
    expect(expectations.state('vision/digits')).toBe('settled');
  });

  it('are met for good by what the caches showed once, also when it is gone at the next look', () => {
    const { expectations } = open();
    let isShown = false;
    expectations.expect('vision/digits', () => isShown);
    isShown = true;
    expectations.observe('vision/digits');
    isShown = false;
    expect(expectations.state('vision/digits')).toBe('settled');
  });

  it('are overdue after their time, also where the clock is set back', async () => {
    const { expectations, clock } = open();
    expectations.expect('vision/digits', () => false);
    clock.set(clock.now() - 3_600_000);
    await clock.advance(10_000);
    expect(expectations.state('vision/digits')).toBe('overdue');
  });

  it('are overdue after their time, and gone when they are forgotten', async () => {
    const { expectations, clock } = open();
    expectations.expect('vision/digits', () => false);
    await clock.advance(9_999);
    expect(expectations.state('vision/digits')).toEqual({ waitMs: 1 });
    await clock.advance(1);
    expect(expectations.state('vision/digits')).toBe('overdue');
    expectations.forget('vision/digits');
    expect(expectations.state('vision/digits')).toBe('settled');
  });
});
