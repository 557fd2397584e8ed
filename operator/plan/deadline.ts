import { fromTimestamp, toTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';

/** When `spec.activeDeadline` passes, or `undefined` without one or while the clock stands still. */
export function deadlineAtMs(spec: TrainingRunSpec, status: TrainingRunStatus): number | undefined {
  const activeSinceMs = fromTimestamp(status.activeSince);
  if (spec.activeDeadline === undefined || activeSinceMs === undefined) return undefined;
  return activeSinceMs + parseDurationMs(spec.activeDeadline) - (status.activeSeconds ?? 0) * 1000;
}

/** Starts the deadline's clock, unless it runs already. */
export function startDeadlineClock(status: TrainingRunStatus, nowMs: number): TrainingRunStatus {
  return { ...status, activeSince: status.activeSince ?? toTimestamp(nowMs) };
}

/** A copy of the status with the deadline's clock stopped and the time it ran kept. */
export function stopDeadlineClock(status: TrainingRunStatus, nowMs: number): TrainingRunStatus {
  const activeSinceMs = fromTimestamp(status.activeSince);
  const rest = { ...status };
  delete rest.activeSince;
  if (activeSinceMs === undefined) return rest;
  // Whole seconds, as activeSince has them; a clock that was set back counts as no time.
  const elapsedSeconds = Math.max(0, Math.floor((nowMs - activeSinceMs) / 1000));
  return { ...rest, activeSeconds: (status.activeSeconds ?? 0) + elapsedSeconds };
}
