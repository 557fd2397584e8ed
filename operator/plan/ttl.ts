import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';

/** When a finished run or sweep is deleted; `undefined` keeps it for ever. A duration of 0 deletes it at once. */
export function expiresAtMs(
  spec: { readonly ttlAfterFinished?: string | undefined },
  status: { readonly completionTime?: string | undefined },
): number | undefined {
  const completedAtMs = fromTimestamp(status.completionTime);
  if (spec.ttlAfterFinished === undefined || completedAtMs === undefined) return undefined;
  return completedAtMs + parseDurationMs(spec.ttlAfterFinished);
}
