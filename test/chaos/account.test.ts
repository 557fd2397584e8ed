import { describe, expect, it } from 'vitest';
import { accountOf } from './account.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('the account of a run that was disturbed', () => {
  it('counts the steps that were trained again', () => {
    const logs = [
      { attempt: 1, fromStep: 0, steps: range(1, 27), saved: [10, 20] },
      { attempt: 2, fromStep: 20, steps: range(21, 22), saved: [] },
      { attempt: 3, steps: [], saved: [] }, // It ended before it began.
      { attempt: 4, fromStep: 20, steps: range(21, 40), saved: [30, 40] },
    ];
    expect(accountOf(logs, 40)).toEqual({
      steps: 40,
      stepsTrained: 49,
      stepsLost: 9,
      mostLostAtOnce: 7,
      broken: [],
    });
  });

  it('finds an attempt that goes back behind a checkpoint', () => {
    const logs = [
      { attempt: 1, fromStep: 0, steps: range(1, 25), saved: [10, 20] },
      { attempt: 2, fromStep: 10, steps: range(11, 30), saved: [30] },
    ];
    expect(accountOf(logs, 30).broken).toEqual(['attempt 2 began at step 10, but 20 was saved before']);
  });

  it('finds steps that were left out, within an attempt and at the end', () => {
    const logs = [{ attempt: 1, fromStep: 0, steps: [1, 2, 4], saved: [] }];
    expect(accountOf(logs, 5).broken).toEqual([
      'attempt 1 did not train its steps one after the other',
      'the last step trained is 4, not 5',
    ]);
  });
});
