import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { podReasons, trainerReasons } from '../api/v1alpha1/reasons.ts';
import { phases, type Phase, type TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { fromTimestamp, type Clock } from '../base/clock.ts';
import { registerLiveRunMetrics } from './live-run-metrics.ts';

/** What is counted of runs. */
export interface RunMetrics {
  /** The runs to count by phase whenever the metrics are read. */
  observe(runs: () => Iterable<TrainingRun>): void;
  /** A status was written in place of that of `run`. */
  changed(run: TrainingRun, after: TrainingRunStatus): void;
}

/** From a run that starts at once to one that waited a day for its quota, in seconds. */
const waitBuckets = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];

/** Phases in which an attempt has its GPUs. */
const holdingPhases: readonly (Phase | undefined)[] = ['Starting', 'Running', 'Suspending'];

const knownReasons = new Set([...Object.keys(trainerReasons), ...Object.keys(podReasons)]);

export function createRunMetrics(registry: Registry, clock: Clock): RunMetrics {
  const registers = [registry];
  let runsNow: () => Iterable<TrainingRun> = () => [];
  // prom-client asks it to count whenever the metrics are read.
  const byPhase = new Gauge({
    name: 'ringmaster_runs',
    help: 'TrainingRuns that exist, by phase.',
    labelNames: ['phase'],
    registers,
    collect() {
      const counts = new Map<Phase, number>(phases.map((phase) => [phase, 0]));
      for (const { status } of runsNow()) {
        const phase = status?.phase ?? 'Pending';
        counts.set(phase, (counts.get(phase) ?? 0) + 1);
      }
      for (const [phase, count] of counts) byPhase.set({ phase }, count);
    },
  });
  registerLiveRunMetrics(registry, () => runsNow());
  const restarts = new Counter({
    name: 'ringmaster_run_restarts_total',
    help: 'Attempts that failed and were followed by another, by the reason of the failure.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of [...knownReasons, 'Other']) restarts.inc({ reason }, 0);
  const finished = new Counter({
    name: 'ringmaster_runs_finished_total',
    help: 'Runs that finished, by phase.',
    labelNames: ['phase'],
    registers,
  });
  for (const phase of ['Succeeded', 'Failed']) finished.inc({ phase }, 0);
  const firstPod = new Histogram({
    name: 'ringmaster_run_time_to_first_pod_seconds',
    help: 'Time from when a run was made, or last let go on before it began, until its first pods were made.',
    buckets: waitBuckets,
    registers,
  });
  const gpuSeconds = new Counter({
    name: 'ringmaster_gpu_seconds_total',
    help: 'GPU-seconds of attempts that ended: useful up to their last checkpoint or success, lost after it.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['useful', 'lost']) gpuSeconds.inc({ outcome }, 0);

  return {
    observe: (runs) => {
      runsNow = runs;
    },
    changed: (run, after) => {
      const before = run.status ?? {};
      const newRestarts = (after.restarts?.total ?? 0) - (before.restarts?.total ?? 0);
      if (newRestarts > 0) restarts.inc({ reason: boundedReason(after.lastFailure?.reason) }, newRestarts);
      if (after.phase !== before.phase && (after.phase === 'Succeeded' || after.phase === 'Failed'))
        finished.inc({ phase: after.phase });
      const waitedSeconds = secondsToFirstPod(run, after);
      if (waitedSeconds !== undefined) firstPod.observe(waitedSeconds);
      const spent = spentSeconds(before, after, clock.now());
      if (spent === undefined) return;
      const { pods, gpusPerPod } = run.spec.trainers;
      gpuSeconds.inc({ outcome: 'useful' }, spent.useful * pods * gpusPerPod);
      gpuSeconds.inc({ outcome: 'lost' }, spent.lost * pods * gpusPerPod);
    },
  };
}

/** Counts nothing. */
export const noRunMetrics: RunMetrics = { observe: () => undefined, changed: () => undefined };

/** A trainer of another release may have words that this one does not know; labels must have few values. */
function boundedReason(reason: string | undefined): string {
  return reason !== undefined && knownReasons.has(reason) ? reason : 'Other';
}

function secondsToFirstPod(
  { metadata, status: before }: TrainingRun,
  after: TrainingRunStatus,
): number | undefined {
  const startedMs = fromTimestamp(after.startTime);
  if (startedMs === undefined || before?.startTime !== undefined || (after.attempt ?? 1) > 1)
    return undefined;
  const sinceMs = fromTimestamp(after.activeSince) ?? fromTimestamp(metadata.creationTimestamp);
  return sinceMs === undefined ? undefined : Math.max(0, startedMs - sinceMs) / 1000;
}

/** What became of the time of an attempt that just gave its GPUs back; `undefined` when none did. */
export function spentSeconds(
  before: TrainingRunStatus,
  after: TrainingRunStatus,
  nowMs: number,
): { readonly useful: number; readonly lost: number } | undefined {
  const startedMs = fromTimestamp(before.attemptStartedAt);
  const isHeld = holdingPhases.includes(after.phase) && after.attempt === before.attempt;
  if (startedMs === undefined || !holdingPhases.includes(before.phase) || isHeld) return undefined;
  const heldMs = Math.max(0, nowMs - startedMs);
  const savedMs = fromTimestamp(after.checkpoint?.savedAt) ?? startedMs;
  const usefulMs = after.phase === 'Succeeded' ? heldMs : Math.min(heldMs, Math.max(0, savedMs - startedMs));
  return { useful: usefulMs / 1000, lost: (heldMs - usefulMs) / 1000 };
}
