import { NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import type { Dashboard, Link, Row } from './dashboard.ts';
import { inNamespace, namespaceVariable, quantile, rateOf, recorded, scraped } from './selectors.ts';

const toRun: Link = {
  title: 'Open the run',
  tooltip: 'Its own dashboard',
  url: '/d/ringmaster-run?var-datasource=${datasource}&var-namespace=${__field.labels.namespace}&var-run=${__field.labels.run}&${__url_time_range}',
};

/** Series of a metric, of runs in some phases. */
function ofRunsIn(phases: string, metric: string): string {
  const chosen = scraped('ringmaster_run_phase', inNamespace, `phase=~"${phases}"`);
  return `${scraped(metric, inNamespace)} * on (namespace, run) group_left () (max by (namespace, run) (${chosen}))`;
}

const overview: Row = {
  title: 'Now',
  panels: [
    {
      kind: 'number',
      title: 'Training',
      description: 'Runs whose pods all run.',
      unit: Short,
      queries: [
        {
          expr: `sum(${scraped('ringmaster_run_phase', inNamespace, 'phase="Running"')}) or vector(0)`,
          legend: 'runs',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Waiting',
      description: 'Runs that want to train and do not: pending, queued, starting or between two attempts.',
      unit: Short,
      queries: [
        {
          expr: `sum(${scraped('ringmaster_run_phase', inNamespace, 'phase=~"Pending|Queued|Starting|Restarting"')}) or vector(0)`,
          legend: 'runs',
        },
      ],
    },
    {
      kind: 'number',
      title: 'GPUs training',
      description: 'GPUs of runs whose pods all run.',
      unit: Short,
      queries: [{ expr: `sum(${ofRunsIn('Running', 'ringmaster_run_gpus')}) or vector(0)`, legend: 'GPUs' }],
    },
    {
      kind: 'number',
      title: 'Images a second',
      description: 'Training images a second of all runs.',
      unit: Short,
      queries: [
        {
          expr: `sum(${rateOf(scraped('ringmaster_trainer_images_total', inNamespace))})`,
          legend: 'images/s',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Useful GPU time',
      description:
        'Share of the GPU time of attempts that ended which their checkpoints kept, over the range shown.',
      unit: PercentUnit,
      max: 1,
      queries: [
        {
          expr: `sum(increase(${scraped('ringmaster_gpu_seconds_total', [], 'outcome="useful"')}[$__range])) / (sum(increase(${scraped('ringmaster_gpu_seconds_total')}[$__range])) > 0)`,
          legend: 'useful',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Restarts',
      description: 'Attempts that failed and were followed by another, over the range shown.',
      unit: Short,
      queries: [
        { expr: `sum(increase(${scraped('ringmaster_run_restarts_total')}[$__range]))`, legend: 'restarts' },
      ],
    },
  ],
};

const runs: Row = {
  title: 'Runs',
  panels: [
    {
      kind: 'bars',
      title: 'Progress',
      description: 'Share of its steps that each run has finished. A bar leads to its run.',
      unit: PercentUnit,
      span: 12,
      min: 0,
      max: 1,
      link: toRun,
      queries: [
        { expr: scraped('ringmaster_run_progress_ratio', inNamespace), legend: '{{namespace}}/{{run}}' },
      ],
    },
    {
      kind: 'areas',
      title: 'Runs by phase',
      description: 'All runs that exist, by where they are in their life.',
      unit: Short,
      span: 12,
      min: 0,
      queries: [{ expr: `max by (phase) (${scraped('ringmaster_runs')})`, legend: '{{phase}}' }],
    },
    {
      kind: 'lines',
      title: 'Images a second by run',
      description: 'Training images a second over all ranks of a run, in the last five minutes.',
      unit: Short,
      min: 0,
      link: toRun,
      queries: [{ expr: recorded('ringmaster:images:rate5m', inNamespace), legend: '{{namespace}}/{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Top-1 by run',
      description: 'Top-1 accuracy of the last evaluation.',
      unit: PercentUnit,
      link: toRun,
      queries: [
        {
          expr: `max by (namespace, run) (${scraped('ringmaster_trainer_validation_top1_ratio', inNamespace)})`,
          legend: '{{namespace}}/{{run}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'GPUs busy by run',
      description: 'Mean share of time in which any kernel ran on the GPUs of a run, from dcgm-exporter.',
      unit: PercentUnit,
      min: 0,
      link: toRun,
      queries: [
        {
          expr: `avg by (namespace, run) (${recorded('ringmaster:gpu_utilization:ratio', inNamespace)})`,
          legend: '{{namespace}}/{{run}}',
        },
      ],
    },
  ],
};

const trouble: Row = {
  title: 'What goes wrong',
  panels: [
    {
      kind: 'lines',
      title: 'Restarts by reason',
      description: 'Attempts an hour that failed and were followed by another, by the reason of the failure.',
      unit: Short,
      min: 0,
      queries: [
        {
          expr: `sum by (reason) (${rateOf(scraped('ringmaster_run_restarts_total'))}) * 3600`,
          legend: '{{reason}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Unsaved training',
      description: 'What each run would lose now, in its own checkpoint intervals.',
      unit: NoUnit,
      min: 0,
      link: toRun,
      queries: [
        {
          expr: scraped('ringmaster_run_unsaved_checkpoint_intervals', inNamespace),
          legend: '{{namespace}}/{{run}}',
        },
      ],
    },
    {
      kind: 'areas',
      title: 'GPU time',
      description: 'GPUs whose time was kept by a checkpoint, and lost after one, as attempts end.',
      unit: Short,
      min: 0,
      queries: [
        {
          expr: `sum by (outcome) (${rateOf(scraped('ringmaster_gpu_seconds_total'))})`,
          legend: '{{outcome}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Time to first pod',
      description: 'From when a run was made, or let go on before it began, until its first pods were made.',
      unit: Seconds,
      min: 0,
      queries: [
        {
          expr: quantile(0.5, 'ringmaster_run_time_to_first_pod_seconds', [], 'job'),
          legend: 'half of the runs',
        },
        {
          expr: quantile(0.95, 'ringmaster_run_time_to_first_pod_seconds', [], 'job'),
          legend: '95 % of the runs',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Waiting for data by run',
      description: 'Share of the time of all ranks of a run in which they wait for their next batch.',
      unit: PercentUnit,
      min: 0,
      link: toRun,
      queries: [
        { expr: recorded('ringmaster:data_wait:ratio_rate5m', inNamespace), legend: '{{namespace}}/{{run}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'Finished runs',
      description: 'Runs an hour that succeeded or failed.',
      unit: Short,
      min: 0,
      queries: [
        {
          expr: `sum by (phase) (${rateOf(scraped('ringmaster_runs_finished_total'))}) * 3600`,
          legend: '{{phase}}',
        },
      ],
    },
  ],
};

export const fleetDashboard: Dashboard = {
  name: 'fleet',
  title: 'Ringmaster / Fleet',
  description: 'All training runs: which run, how far they are, how fast, and what goes wrong.',
  metrics: ['ringmaster_runs', 'ringmaster_trainer_images_total'],
  variables: [namespaceVariable('ringmaster_run_phase')],
  rows: [overview, runs, trouble],
};
