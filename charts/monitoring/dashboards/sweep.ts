import { NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import type { Dashboard, Row } from './dashboard.ts';
import { namespaceVariable, ofSweep, recorded, scraped } from './selectors.ts';

const bySweep = 'namespace, sweep';

/** A figure of the trials of a sweep, by trial. */
function ofTrials(metric: string): string {
  return `max by (${bySweep}, run) (${scraped(`ringmaster_trainer_${metric}`, ofSweep)})`;
}

const overview: Row = {
  title: 'Where it stands',
  panels: [
    {
      kind: 'number',
      title: 'Trials planned',
      description: 'Trials that the sweep is to have in all.',
      unit: Short,
      queries: [{ expr: scraped('ringmaster_sweep_planned_trials', ofSweep), legend: '{{sweep}}' }],
    },
    {
      kind: 'number',
      title: 'Best',
      description: 'The objective of the best trial that trained to its end.',
      unit: NoUnit,
      queries: [{ expr: scraped('ringmaster_sweep_best_objective', ofSweep), legend: '{{sweep}}' }],
    },
    {
      kind: 'number',
      title: 'Limited by',
      description: 'What keeps the sweep from running more trials at a time.',
      unit: NoUnit,
      showsName: true,
      queries: [{ expr: scraped('ringmaster_sweep_limited', ofSweep), legend: '{{by}}' }],
    },
    {
      kind: 'number',
      title: 'GPU time',
      description: 'GPU time of all trials, over the range shown.',
      unit: Seconds,
      queries: [
        {
          expr: `sum by (${bySweep}) (increase(${scraped('ringmaster_sweep_gpu_seconds_total', ofSweep)}[$__range]))`,
          legend: '{{sweep}}',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Sweeps',
      description: 'All sweeps of the cluster that run.',
      unit: Short,
      queries: [{ expr: `max(${scraped('ringmaster_sweeps', [], 'phase="Running"')})`, legend: 'running' }],
    },
  ],
};

const trials: Row = {
  title: 'Trials',
  panels: [
    {
      kind: 'areas',
      title: 'Trials by phase',
      description: 'What became of the trials that were begun.',
      unit: Short,
      min: 0,
      queries: [
        {
          expr: `max by (${bySweep}, phase) (${scraped('ringmaster_sweep_trials', ofSweep)})`,
          legend: '{{sweep}} {{phase}}',
        },
      ],
    },
    {
      kind: 'bars',
      title: 'Progress',
      description: 'Share of its steps that each trial which is not finished has done.',
      unit: PercentUnit,
      min: 0,
      max: 1,
      span: 16,
      link: {
        title: 'Open the trial',
        tooltip: 'Its own dashboard',
        url: '/d/ringmaster-run?var-datasource=${datasource}&var-namespace=${__field.labels.namespace}&var-run=${__field.labels.run}&${__url_time_range}',
      },
      queries: [
        {
          expr: `max by (namespace, run) (${scraped('ringmaster_run_progress_ratio', ['namespace=~"$namespace"'])}) * on (namespace, run) group_left (sweep) max by (${bySweep}, run) (${scraped('ringmaster_run_phase', ofSweep)})`,
          legend: '{{run}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Top-1 by trial',
      description: 'Top-1 accuracy of the last evaluation of each trial.',
      unit: PercentUnit,
      span: 12,
      queries: [{ expr: ofTrials('validation_top1_ratio'), legend: '{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Loss by trial',
      description: 'Training loss of the last step of each trial.',
      unit: Short,
      span: 12,
      queries: [{ expr: ofTrials('loss'), legend: '{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Epoch by trial',
      description:
        'Finished epochs of each trial, with a fraction. Where a line ends early, the trial was stopped.',
      unit: Short,
      span: 12,
      queries: [{ expr: ofTrials('epoch'), legend: '{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Images a second by trial',
      description: 'Training images a second over all ranks of each trial, in the last five minutes.',
      unit: Short,
      min: 0,
      span: 12,
      queries: [{ expr: recorded('ringmaster:images:rate5m', ofSweep), legend: '{{run}}' }],
    },
  ],
};

export const sweepDashboard: Dashboard = {
  name: 'sweep',
  title: 'Ringmaster / Sweep',
  description: 'One sweep: its trials, what they reach, and what keeps it from going faster.',
  metrics: ['ringmaster_sweeps', 'ringmaster_trainer_images_total'],
  variables: [
    namespaceVariable('ringmaster_sweep_trials'),
    {
      name: 'sweep',
      label: 'Sweep',
      query: `label_values(${scraped('ringmaster_sweep_trials', ['namespace=~"$namespace"'])}, sweep)`,
    },
  ],
  rows: [overview, trials],
};
