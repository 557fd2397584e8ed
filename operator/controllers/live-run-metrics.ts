import { Counter, Gauge, type Registry } from 'prom-client';
import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { fromTimestamp } from '../base/clock.ts';
import { isForeign } from '../plan/managed-by.ts';

/** What a run is called on its series. */
type RunLabels = Readonly<Record<'namespace' | 'run', string>>;

/**
 * Series of each run that is not finished, made from its status whenever the metrics are read: there are as many as
 * there are live runs, and those of a finished or deleted run are gone.
 */
export function registerLiveRunMetrics(registry: Registry, runsNow: () => Iterable<TrainingRun>): void {
  const labelNames = ['namespace', 'run'];
  const registers = [registry];

  /** Shows one figure of each live run; of none where it is `undefined`. */
  function perRun(name: string, help: string, valueOf: (run: TrainingRun) => number | undefined): void {
    const gauge = new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        gauge.reset();
        for (const run of liveRuns(runsNow())) {
          const value = valueOf(run);
          if (value !== undefined) gauge.set(labelsOf(run), value);
        }
      },
    });
  }

  const phases = new Gauge({
    name: 'ringmaster_run_phase',
    help: 'Phase of each run that is not finished; always 1.',
    labelNames: [...labelNames, 'sweep', 'phase'],
    registers,
    collect() {
      phases.reset();
      for (const run of liveRuns(runsNow())) {
        const sweep = run.metadata.labels?.[labels.sweep] ?? '';
        phases.set({ ...labelsOf(run), sweep, phase: run.status?.phase ?? 'Pending' }, 1);
      }
    },
  });
  const failedAttempts = new Counter({
    name: 'ringmaster_run_failed_attempts_total',
    help: 'Attempts of a run that failed and were followed by another, since the run was made.',
    labelNames,
    registers,
    collect() {
      failedAttempts.reset();
      for (const run of liveRuns(runsNow()))
        failedAttempts.inc(labelsOf(run), run.status?.restarts?.total ?? 0);
    },
  });
  perRun(
    'ringmaster_run_progress_ratio',
    'Share of the steps of a run that are finished, 0 to 1.',
    ({ status }) =>
      status?.progress === undefined ? undefined : status.progress.step / Math.max(1, status.progress.steps),
  );
  perRun('ringmaster_run_gpus', 'GPUs that a run has or waits for.', ({ spec, status }) =>
    status?.phase === undefined || status.phase === 'Suspended'
      ? undefined
      : spec.trainers.pods * spec.trainers.gpusPerPod,
  );
  perRun(
    'ringmaster_run_last_checkpoint_timestamp_seconds',
    'When the newest checkpoint of a run was complete, in Unix time.',
    ({ status }) => {
      const savedAtMs = fromTimestamp(status?.checkpoint?.savedAt);
      return savedAtMs === undefined ? undefined : savedAtMs / 1000;
    },
  );
  perRun(
    'ringmaster_run_unsaved_checkpoint_intervals',
    'What a running run would lose now, in its own checkpoint intervals: at most a little over 1 while saving works.',
    unsavedIntervals,
  );
}

/** Runs that are this operator's and not finished. */
function* liveRuns(runs: Iterable<TrainingRun>): Generator<TrainingRun> {
  for (const run of runs) {
    const isFinished = run.status?.phase === 'Succeeded' || run.status?.phase === 'Failed';
    if (!isFinished && !isForeign(run)) yield run;
  }
}

function labelsOf({ metadata }: TrainingRun): RunLabels {
  return { namespace: metadata.namespace ?? 'default', run: metadata.name };
}

/** Steps since the newest checkpoint, or since the run began, over the steps between two checkpoints. */
export function unsavedIntervals({
  spec,
  status,
}: {
  readonly spec: TrainingRun['spec'];
  readonly status?: TrainingRunStatus;
}): number | undefined {
  if (status?.phase !== 'Running' || status.progress === undefined) return undefined;
  const { step, steps, epochs } = status.progress;
  const { every } = spec.checkpoints;
  const intervalSteps = every.steps ?? ((every.epochs ?? 1) * steps) / Math.max(1, epochs);
  return Math.max(0, step - (status.checkpoint?.step ?? 0)) / Math.max(1, intervalSteps);
}
