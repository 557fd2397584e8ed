import { Counter, Gauge, type Registry } from 'prom-client';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { sweepPhases, trialPhases } from '../api/v1alpha1/training-sweep-status.ts';

/** What is counted of sweeps. */
export interface SweepMetrics {
  /** The sweeps to look at whenever the metrics are read. */
  observe(sweeps: () => Iterable<TrainingSweep>): void;
}

/** Sweeps by phase, and series of each that is not finished: those of a finished or deleted sweep are gone. */
export function createSweepMetrics(registry: Registry): SweepMetrics {
  const registers = [registry];
  const labelNames = ['namespace', 'sweep'];
  let sweepsNow: () => Iterable<TrainingSweep> = () => [];

  /** Shows figures of each live sweep, by one more label if it is named. */
  function perSweep(
    name: string,
    help: string,
    figuresOf: (
      status: NonNullable<TrainingSweep['status']>,
    ) => Iterable<readonly [label: string, value: number]>,
    label?: string,
  ): void {
    const gauge = new Gauge({
      ...{ name, help, registers },
      labelNames: [...labelNames, ...(label === undefined ? [] : [label])],
      collect() {
        gauge.reset();
        for (const sweep of liveSweeps(sweepsNow()))
          for (const [word, value] of figuresOf(sweep.status ?? {}))
            gauge.set({ ...labelsOf(sweep), ...(label === undefined ? {} : { [label]: word }) }, value);
      },
    });
  }

  const byPhase = new Gauge({
    name: 'ringmaster_sweeps',
    help: 'TrainingSweeps that exist, by phase.',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const phase of sweepPhases) byPhase.set({ phase }, 0);
      for (const { status } of sweepsNow()) byPhase.inc({ phase: status?.phase ?? 'Running' });
    },
  });
  perSweep(
    'ringmaster_sweep_trials',
    'Trials that a sweep which is not finished has begun, by phase.',
    ({ trials = [] }) =>
      trialPhases.map((phase) => [phase, trials.filter((trial) => trial.phase === phase).length]),
    'phase',
  );
  perSweep(
    'ringmaster_sweep_limited',
    'What keeps a sweep that is not finished from running more trials at a time; always 1.',
    ({ limitedBy }) => (limitedBy === undefined ? [] : [[limitedBy, 1]]),
    'by',
  );
  perSweep(
    'ringmaster_sweep_planned_trials',
    'Trials that a sweep which is not finished is to have in all.',
    ({ counts }) => (counts === undefined ? [] : [['', counts.total]]),
  );
  perSweep(
    'ringmaster_sweep_best_objective',
    'The objective of the best trial that trained to its end, of a sweep that is not finished.',
    ({ best }) => (best === undefined ? [] : [['', best.value]]),
  );
  const gpuSeconds = new Counter({
    name: 'ringmaster_sweep_gpu_seconds_total',
    help: 'GPU-seconds of all trials of a sweep that is not finished.',
    ...{ labelNames, registers },
    collect() {
      gpuSeconds.reset();
      for (const sweep of liveSweeps(sweepsNow()))
        gpuSeconds.inc(labelsOf(sweep), (sweep.status?.gpuHours ?? 0) * 3600);
    },
  });
  return {
    observe: (sweeps) => {
      sweepsNow = sweeps;
    },
  };
}

/** Counts nothing. */
export const noSweepMetrics: SweepMetrics = { observe: () => undefined };

function* liveSweeps(sweeps: Iterable<TrainingSweep>): Generator<TrainingSweep> {
  for (const sweep of sweeps)
    if (sweep.status?.phase !== 'Succeeded' && sweep.status?.phase !== 'Failed') yield sweep;
}

function labelsOf({ metadata }: TrainingSweep): Readonly<Record<'namespace' | 'sweep', string>> {
  return { namespace: metadata.namespace ?? 'default', sweep: metadata.name };
}
