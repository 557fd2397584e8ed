import { parseDurationMs } from '../base/durations.ts';
import type { FailurePolicy } from '../api/v1alpha1/failure-policy.ts';

/**
 * The wait before the next attempt: `backoff.initial`, doubled for every further restart in a row without a new
 * checkpoint, at most `backoff.max`.
 * @param restartsWithoutProgress restarts in a row, the coming one included; from 1
 */
export function backoffMs({ backoff }: FailurePolicy, restartsWithoutProgress: number): number {
  const initialMs = parseDurationMs(backoff.initial);
  // 2^32 exceeds any bound that a duration can hold in practice, and keeps the product finite.
  const doublings = Math.min(32, Math.max(0, restartsWithoutProgress - 1));
  return Math.min(parseDurationMs(backoff.max), initialMs * 2 ** doublings);
}
