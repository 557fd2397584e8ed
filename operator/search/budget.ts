import { fromTimestamp } from '../base/clock.ts';
import { parseDurationMs } from '../base/durations.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus } from '../api/v1alpha1/training-sweep-status.ts';

const hourMs = 3_600_000;

/** GPU-hours of a run: its GPUs times the time from the making of its pods to their end, over all its attempts. */
export function gpuHoursOf({ spec, status }: TrainingRun, nowMs: number): number {
  const gpus = spec.trainers.pods * spec.trainers.gpusPerPod;
  const activeMs = (status?.activeSeconds ?? 0) * 1000 + sinceMs(status?.activeSince, nowMs);
  return (gpus * activeMs) / hourMs;
}

/** How long a sweep has been going on, not counting time suspended. */
export function activeMs({ activeSeconds, activeSince }: TrainingSweepStatus, nowMs: number): number {
  return (activeSeconds ?? 0) * 1000 + sinceMs(activeSince, nowMs);
}

/** What of the budget is used up, in words; `undefined` while there is some of everything left. */
export function usedUp(
  { spec: { budget } }: TrainingSweep,
  status: TrainingSweepStatus,
  nowMs: number,
): string | undefined {
  if (budget.gpuHours !== undefined && (status.gpuHours ?? 0) >= budget.gpuHours)
    return `spec.budget.gpuHours (${budget.gpuHours}) is used up.`;
  if (budget.duration !== undefined && activeMs(status, nowMs) >= parseDurationMs(budget.duration))
    return `spec.budget.duration (${budget.duration}) has passed.`;
  return undefined;
}

/**
 * When the budget is used up if the sweep goes on as it does.
 * @param gpus that its trials occupy now
 */
export function usedUpAtMs(
  { spec: { budget } }: TrainingSweep,
  status: TrainingSweepStatus,
  gpus: number,
  nowMs: number,
): number | undefined {
  const byGpus =
    budget.gpuHours === undefined || gpus === 0
      ? Infinity
      : nowMs + ((budget.gpuHours - (status.gpuHours ?? 0)) / gpus) * hourMs;
  const byTime =
    budget.duration === undefined || status.activeSince === undefined
      ? Infinity
      : nowMs + parseDurationMs(budget.duration) - activeMs(status, nowMs);
  const earliest = Math.min(byGpus, byTime);
  // Rounded up to a whole millisecond, so that it is used up when the clock says so.
  return Number.isFinite(earliest) ? Math.ceil(earliest) : undefined;
}

function sinceMs(timestamp: string | undefined, nowMs: number): number {
  return Math.max(0, nowMs - (fromTimestamp(timestamp) ?? nowMs));
}
