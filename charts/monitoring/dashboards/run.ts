import { BytesIEC, NoUnit, PercentUnit, Seconds, Short, Watt } from '@grafana/grafana-foundation-sdk/units';
import type { Dashboard, Link, Panel, Row } from './dashboard.ts';
import { mean, namespaceVariable, ofRun, quantile, rateOf, recorded, scraped } from './selectors.ts';

const byRun = 'namespace, run';

/** The newest figure of rank 0, of whichever attempt trains. */
function figure(metric: string): string {
  return `max by (${byRun}) (${scraped(`ringmaster_trainer_${metric}`, ofRun)})`;
}

/** Seconds of each rank as a share of those of its steps. */
function shareOfSteps(seconds: string): string {
  const ofRanks = (metric: string) =>
    `sum by (${byRun}, rank) (${rateOf(scraped(`ringmaster_trainer_${metric}`, ofRun))})`;
  return `${ofRanks(seconds)} / (${ofRanks('step_seconds_sum')} > 0)`;
}

/** A figure of the run over time, all by itself. */
function curve(metric: string, title: string, description: string, unit: string = Short): Panel {
  return { kind: 'lines', title, description, unit, queries: [{ expr: figure(metric), legend: '{{run}}' }] };
}

const overview: Row = {
  title: 'Where it stands',
  panels: [
    {
      kind: 'number',
      title: 'Phase',
      description: 'Where the run is in its life. It is gone once the run has finished.',
      unit: NoUnit,
      showsName: true,
      queries: [{ expr: scraped('ringmaster_run_phase', ofRun), legend: '{{phase}}' }],
    },
    {
      kind: 'number',
      title: 'Progress',
      description: 'Share of all steps that are finished.',
      unit: PercentUnit,
      max: 1,
      queries: [{ expr: scraped('ringmaster_run_progress_ratio', ofRun), legend: '{{run}}' }],
    },
    {
      kind: 'number',
      title: 'Time left',
      description: 'Until all epochs are trained, at the rate of the last minutes, evaluation included.',
      unit: Seconds,
      queries: [
        {
          expr: `(${figure('planned_epochs')} - ${figure('epoch')}) / (max by (${byRun}) (${rateOf(scraped('ringmaster_trainer_epoch', ofRun))}) > 0)`,
          legend: '{{run}}',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Top-1',
      description: 'Top-1 accuracy of the last evaluation over the whole validation set.',
      unit: PercentUnit,
      max: 1,
      queries: [{ expr: figure('validation_top1_ratio'), legend: '{{run}}' }],
    },
    {
      kind: 'number',
      title: 'Failed attempts',
      description: 'Attempts that failed and were followed by another, since the run was made.',
      unit: Short,
      queries: [
        {
          expr: `max by (${byRun}) (increase(${scraped('ringmaster_run_failed_attempts_total', ofRun)}[$__range]))`,
          legend: '{{run}}',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Checkpoint age',
      description: 'Since the newest complete checkpoint: what would be trained again after a failure now.',
      unit: Seconds,
      queries: [
        {
          expr: `time() - ${scraped('ringmaster_run_last_checkpoint_timestamp_seconds', ofRun)}`,
          legend: '{{run}}',
        },
      ],
    },
  ],
};

const learning: Row = {
  title: 'Learning',
  panels: [
    {
      kind: 'lines',
      title: 'Loss',
      description: 'Training loss of the last step, and mean cross-entropy of the last evaluation.',
      unit: Short,
      queries: [
        { expr: figure('loss'), legend: '{{run}} training' },
        { expr: figure('validation_loss'), legend: '{{run}} validation' },
      ],
    },
    {
      kind: 'lines',
      title: 'Accuracy',
      description: 'Share of validation images whose class was the first guess, or among the first five.',
      unit: PercentUnit,
      queries: [
        { expr: figure('validation_top1_ratio'), legend: '{{run}} top-1' },
        { expr: figure('validation_top5_ratio'), legend: '{{run}} top-5' },
      ],
    },
    curve(
      'epoch',
      'Epoch',
      'Finished epochs, with a fraction. A step back is an attempt that began at a checkpoint.',
    ),
    curve('learning_rate', 'Learning rate', 'Learning rate of the last step.', NoUnit),
    curve('gradient_norm', 'Gradient norm', 'L2 norm of the gradient of the last step, over all parameters.'),
    {
      kind: 'lines',
      title: 'Loss scale',
      description:
        'Loss scale of half precision, and steps a second that were skipped because of an overflow.',
      unit: Short,
      queries: [
        { expr: figure('loss_scale'), legend: '{{run}} scale' },
        {
          expr: `sum by (${byRun}) (${rateOf(scraped('ringmaster_trainer_skipped_steps_total', ofRun))})`,
          legend: '{{run}} skipped a second',
          unit: Short,
        },
      ],
    },
  ],
};

const speed: Row = {
  title: 'Speed',
  panels: [
    {
      kind: 'lines',
      title: 'Images a second',
      description: 'Training images a second over all ranks.',
      unit: Short,
      min: 0,
      queries: [
        {
          expr: `sum by (${byRun}) (${rateOf(scraped('ringmaster_trainer_images_total', ofRun))})`,
          legend: '{{run}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Step time',
      description:
        'Mean time of a step by rank, all-reduce and waiting for data included. All ranks wait for the slowest.',
      unit: Seconds,
      min: 0,
      queries: [
        {
          expr: mean('ringmaster_trainer_step_seconds', ofRun, `${byRun}, rank`),
          legend: '{{run}} rank {{rank}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Slow steps',
      description: 'The 95th percentile of the time of a step over all ranks.',
      unit: Seconds,
      min: 0,
      queries: [{ expr: quantile(0.95, 'ringmaster_trainer_step_seconds', ofRun, byRun), legend: '{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Waiting for data',
      description:
        'Share of its time that a rank waits for its next batch. Above a few percent, the input is what limits the run.',
      unit: PercentUnit,
      min: 0,
      queries: [
        {
          expr: shareOfSteps('data_wait_seconds_total'),
          legend: '{{run}} rank {{rank}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'All-reduce',
      description:
        'Share of its time in which a rank is in an all-reduce, and in which it does nothing but wait for one. The rank with the least is the one that the others wait for; where all wait alike, it is the network.',
      unit: PercentUnit,
      min: 0,
      queries: [
        { expr: shareOfSteps('all_reduce_seconds_total'), legend: '{{run}} rank {{rank}} in all' },
        { expr: shareOfSteps('all_reduce_exposed_seconds_total'), legend: '{{run}} rank {{rank}} waiting' },
      ],
    },
    {
      kind: 'lines',
      title: 'Memory',
      description: 'Resident memory of each rank process.',
      unit: BytesIEC,
      min: 0,
      queries: [
        {
          expr: `max by (${byRun}, rank) (${scraped('ringmaster_trainer_resident_memory_bytes', ofRun)})`,
          legend: '{{run}} rank {{rank}}',
        },
      ],
    },
  ],
};

const checkpoints: Row = {
  title: 'Checkpoints',
  panels: [
    {
      kind: 'lines',
      title: 'Saving',
      description:
        'Mean time to commit a checkpoint in the background, and how long training stood still for it.',
      unit: Seconds,
      min: 0,
      queries: [
        {
          expr: mean('ringmaster_trainer_checkpoint_duration_seconds', ofRun, byRun),
          legend: '{{run}} committing',
        },
        {
          expr: mean('ringmaster_trainer_checkpoint_stall_seconds', ofRun, byRun),
          legend: '{{run}} standing still',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Unsaved training',
      description:
        'What would be lost now, in checkpoint intervals of the run. Above 1 for long, saving does not work.',
      unit: Short,
      min: 0,
      queries: [{ expr: scraped('ringmaster_run_unsaved_checkpoint_intervals', ofRun), legend: '{{run}}' }],
    },
    {
      kind: 'lines',
      title: 'Saved',
      description:
        'Bytes of the checkpoints that were committed, and tries that failed, over the rate interval.',
      unit: BytesIEC,
      min: 0,
      queries: [
        {
          expr: `sum by (${byRun}) (increase(${scraped('ringmaster_trainer_checkpoint_bytes_total', ofRun)}[$__rate_interval]))`,
          legend: '{{run}} bytes',
        },
        {
          expr: `sum by (${byRun}) (increase(${scraped('ringmaster_trainer_checkpoint_failures_total', ofRun)}[$__rate_interval]))`,
          legend: '{{run}} failed tries',
          unit: Short,
        },
      ],
    },
  ],
};

function gpuPanel(title: string, series: string, unit: string, description: string): Panel {
  return {
    ...{ kind: 'lines', title, description, unit, min: 0, span: 6 },
    queries: [{ expr: recorded(`ringmaster:${series}`, ofRun), legend: '{{pod}} GPU {{gpu}}' }],
  };
}

const gpus: Row = {
  title: 'GPUs, as dcgm-exporter sees them',
  panels: [
    gpuPanel(
      'GPU busy',
      'gpu_utilization:ratio',
      PercentUnit,
      'Share of time in which any kernel ran; a busy GPU may still be badly used.',
    ),
    gpuPanel(
      'Tensor cores',
      'gpu_tensor_active:ratio',
      PercentUnit,
      'Share of cycles in which the tensor cores worked: what half precision is for.',
    ),
    gpuPanel(
      'GPU memory',
      'gpu_memory_used:bytes',
      BytesIEC,
      'Memory of each GPU in use. TensorFlow takes most of it when it starts.',
    ),
    gpuPanel('Power', 'gpu_power:watts', Watt, 'What each GPU draws.'),
  ],
};

/** What the pods of the run wrote, in Explore, from a Loki data source of the usual name. */
const logs: Link = {
  title: 'Logs',
  tooltip: 'What all ranks of all attempts wrote, from Loki',
  url: `/explore?schemaVersion=1&panes=${encodeURIComponent(
    JSON.stringify({
      logs: {
        datasource: 'Loki',
        queries: [{ refId: 'A', expr: '{namespace=~"NAMESPACE", pod=~"(RUN)-[0-9]+-[0-9]+"} | json' }],
        range: { from: 'FROM', to: 'TO' },
      },
    }),
  )
    .replace('NAMESPACE', '${namespace:regex}')
    .replace('RUN', '${run:regex}')
    .replace('FROM', '${__from}')
    .replace('TO', '${__to}')}`,
};

export const runDashboard: Dashboard = {
  name: 'run',
  title: 'Ringmaster / Run',
  description: 'One training run: how far it is, what it learns, how fast, what it saves, and its GPUs.',
  metrics: ['ringmaster_trainer_images_total', 'ringmaster_runs'],
  variables: [
    namespaceVariable('ringmaster_trainer_images_total'),
    {
      name: 'run',
      label: 'Run',
      query: `label_values(${scraped('ringmaster_trainer_images_total', ['namespace=~"$namespace"'])}, run)`,
    },
  ],
  links: [logs],
  rows: [overview, learning, speed, checkpoints, gpus],
};
