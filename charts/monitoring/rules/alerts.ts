/** A condition that a person should know of. */
export interface Alert {
  /** Also the name of its page in `docs/runbooks`. */
  readonly name: string;
  readonly expr: string;
  /** How long it must hold, as Prometheus writes durations. */
  readonly for: string;
  /** Critical: act now, GPUs or work are being lost. Warning: look at it today. */
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
}

const run = '{{ $labels.namespace }}/{{ $labels.run }}';

/** That a run trains, to be joined with other series of it. */
const isRunning = 'on (namespace, run) ringmaster_run_phase{phase="Running"}';

export const alerts: readonly Alert[] = [
  {
    name: 'RingmasterRunStuck',
    expr: 'ringmaster_run_phase{phase=~"Pending|Starting|Restarting|Suspending"} == 1',
    for: '30m',
    severity: 'warning',
    summary: `Run ${run} has been {{ $labels.phase }} for half an hour.`,
    description:
      'A run should pass through this phase in minutes. Waiting for quota is another phase, Queued, and is not meant here.',
  },
  {
    name: 'RingmasterRunHung',
    expr: `(ringmaster:steps:rate5m == 0) and ${isRunning}`,
    for: '10m',
    severity: 'critical',
    summary: `Run ${run} is running but has not finished a step for 15 minutes.`,
    description: 'Its GPUs are held and do nothing. spec.failurePolicy.hangTimeout should have ended the attempt.',
  },
  {
    name: 'RingmasterRunRestarts',
    expr: 'increase(ringmaster_run_failed_attempts_total[1h]) >= 3',
    for: '0m',
    severity: 'warning',
    summary: `Run ${run} failed {{ $value | humanize }} times in an hour.`,
    description: 'Each failure costs what was trained since the last checkpoint, and soon the run fails for good.',
  },
  {
    name: 'RingmasterCheckpointTooOld',
    expr: 'ringmaster_run_unsaved_checkpoint_intervals > 2.5',
    for: '10m',
    severity: 'critical',
    summary: `Run ${run} has trained {{ $value | humanize }} checkpoint intervals without saving.`,
    description: 'If it failed now, all of that would be trained again. Saving is slow, or does not work at all.',
  },
  {
    name: 'RingmasterCheckpointFailures',
    expr: 'sum by (namespace, run) (increase(ringmaster_trainer_checkpoint_failures_total[30m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: `Run ${run} failed to save a checkpoint.`,
    description: 'It is tried four times in 15 seconds; then the attempt ends with reason CheckpointFailed.',
  },
  {
    name: 'RingmasterOperatorDown',
    expr: 'absent(leader_election_master_status == 1 and on (job, instance) ringmaster_build_info)',
    for: '5m',
    severity: 'critical',
    summary: 'No operator of Ringmaster leads.',
    description:
      'Runs that train go on training, but nothing starts, restarts or ends, and no status is written.',
  },
  {
    name: 'RingmasterReconcileErrors',
    expr: 'ringmaster:reconcile_errors:ratio_rate10m > 0.1',
    for: '15m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the reconciles of {{ $labels.controller }} fail.',
    description: 'The operator tries again, but something it needs is refused or away for a quarter of an hour.',
  },
  {
    name: 'RingmasterCacheStale',
    expr: 'max by (job, resource) (ringmaster_cache_staleness_seconds) > 300',
    for: '5m',
    severity: 'warning',
    summary: 'The operator has heard nothing of {{ $labels.resource }} for {{ $value | humanizeDuration }}.',
    description: 'The API server sends a bookmark every minute; the operator decides on what may long be untrue.',
  },
  {
    name: 'RingmasterDataStarved',
    expr: `(ringmaster:data_wait:ratio_rate5m > 0.2) and ${isRunning}`,
    for: '15m',
    severity: 'warning',
    summary: `The ranks of run ${run} wait for data {{ $value | humanizePercentage }} of their time.`,
    description: 'Reading, decoding or augmenting images is what limits the run, not its GPUs.',
  },
  {
    name: 'RingmasterGpuIdle',
    expr: `(avg by (namespace, run) (ringmaster:gpu_utilization:ratio) < 0.3) and ${isRunning}`,
    for: '30m',
    severity: 'warning',
    summary: `The GPUs of run ${run} are busy only {{ $value | humanizePercentage }} of the time.`,
    description: 'They are paid for, and others may wait for them.',
  },
];
