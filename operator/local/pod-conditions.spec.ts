import { describe, expect, it } from 'vitest';
import { setConditions } from './pod-conditions.ts';

describe('setting conditions', () => {
  const earlier = '2026-01-01T00:00:00Z';
  const now = '2026-01-01T00:01:00Z';
  const before = [
    { type: 'Ready', status: 'True', lastTransitionTime: earlier },
    { type: 'Foreign', status: 'True', lastTransitionTime: earlier },
  ] as const;

  it('keeps those of others', () => {
    expect(setConditions(before, [{ type: 'Ready', status: 'False' }], now)).toEqual([
      { type: 'Ready', status: 'False', lastTransitionTime: now },
      before[1],
    ]);
  });

  it('leaves the moment of change when only the reason differs', () => {
    const [ready] = setConditions(before, [{ type: 'Ready', status: 'True', reason: 'Again' }], now);
    expect(ready).toEqual({ type: 'Ready', status: 'True', reason: 'Again', lastTransitionTime: earlier });
  });
});
