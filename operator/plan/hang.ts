import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { ObservedRun } from './observed-run.ts';

/**
 * When a running gang that makes no progress is taken for hung: `spec.failurePolicy.hangTimeout` after the last change
 * that was seen. `undefined` until the trainer of this attempt has answered once: an operator that was away, or that a
 * network policy keeps from the pods, must not end training that goes well.
 */
export function hangAtMs(
  spec: TrainingRunSpec,
  status: TrainingRunStatus,
  { run, lastAdvanceMs, progress }: ObservedRun,
): number | undefined {
  if (status.phase !== 'Running' || lastAdvanceMs === undefined) return undefined;
  // An address may have been another pod's a moment ago.
  const isItsOwn = progress?.runUid === run.metadata.uid && progress?.attempt === status.attempt;
  if (progress === undefined || !isItsOwn) return undefined;
  // All steps are done; what is left is to save, which is bounded by the trainer's own retries.
  if (progress.state === 'Finished') return undefined;
  const runningSinceMs = fromTimestamp(
    status.conditions?.find(({ type }) => type === 'Running')?.lastTransitionTime,
  );
  return Math.max(runningSinceMs ?? 0, lastAdvanceMs) + parseDurationMs(spec.failurePolicy.hangTimeout);
}
