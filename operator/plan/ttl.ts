import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';

/** When a finished run is deleted; `undefined` keeps it for ever. A duration of 0 deletes it at once. */
export function expiresAtMs(spec: TrainingRunSpec, status: TrainingRunStatus): number | undefined {
  const completedAtMs = fromTimestamp(status.completionTime);
  if (spec.ttlAfterFinished === undefined || completedAtMs === undefined) return undefined;
  return completedAtMs + parseDurationMs(spec.ttlAfterFinished);
}
