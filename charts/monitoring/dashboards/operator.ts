import {
  BytesIEC,
  NoUnit,
  PercentUnit,
  RequestsPerSecond,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import type { Dashboard, Panel, Row } from './dashboard.ts';
import { quantile, rateOf, scraped } from './selectors.ts';

/** The slow end of a histogram. */
function slowest(title: string, description: string, histogram: string, by: string): Panel {
  return {
    ...{ kind: 'lines', title, description, unit: Seconds, min: 0 },
    queries: [{ expr: quantile(0.99, histogram, [], by), legend: `{{${by}}}` }],
  };
}

/** How often something happens, by a label. */
function rates(title: string, description: string, counter: string, by: string, unit: string = Short): Panel {
  return {
    ...{ kind: 'lines', title, description, unit, min: 0 },
    queries: [
      {
        expr: `sum by (${by}) (${rateOf(scraped(counter))})`,
        legend: by
          .split(', ')
          .map((label) => `{{${label}}}`)
          .join(' '),
      },
    ],
  };
}

/** A figure of each replica. */
function byReplica(title: string, description: string, expr: string, unit: string): Panel {
  return {
    ...{ kind: 'lines', title, description, unit, min: 0 },
    queries: [{ expr, legend: '{{instance}}' }],
  };
}

const overview: Row = {
  title: 'Replicas',
  panels: [
    {
      kind: 'number',
      title: 'Answering',
      description: 'Replicas that Prometheus reaches.',
      unit: Short,
      queries: [{ expr: `sum(${scraped('up')})`, legend: 'replicas' }],
    },
    {
      kind: 'number',
      title: 'Leader',
      description: 'The replica that acts; the others wait for its lease.',
      unit: NoUnit,
      showsName: true,
      span: 8,
      queries: [{ expr: `${scraped('leader_election_master_status')} == 1`, legend: '{{instance}}' }],
    },
    {
      kind: 'number',
      title: 'Release',
      description: 'What runs. Two names are a roll-out under way.',
      unit: NoUnit,
      showsName: true,
      queries: [{ expr: `max by (version) (${scraped('ringmaster_build_info')})`, legend: '{{version}}' }],
    },
    {
      kind: 'number',
      title: 'Reconcile errors',
      description: 'Share of reconciles that failed, over the range shown. Each is tried again.',
      unit: PercentUnit,
      queries: [
        {
          expr: `sum(increase(${scraped('controller_runtime_reconcile_errors_total')}[$__range])) / (sum(increase(${scraped('controller_runtime_reconcile_total')}[$__range])) > 0)`,
          legend: 'errors',
        },
      ],
    },
    {
      kind: 'number',
      title: 'Oldest cache',
      description:
        'Longest time since the API server sent anything of a resource; a bookmark comes every minute.',
      unit: Seconds,
      queries: [{ expr: `max(${scraped('ringmaster_cache_staleness_seconds')})`, legend: 'oldest' }],
    },
  ],
};

const work: Row = {
  title: 'Work',
  panels: [
    rates(
      'Reconciles',
      'Reconciles a second, by how they ended.',
      'controller_runtime_reconcile_total',
      'controller, result',
      RequestsPerSecond,
    ),
    slowest(
      'Slow reconciles',
      'The 99th percentile of the time of a reconcile.',
      'controller_runtime_reconcile_time_seconds',
      'controller',
    ),
    {
      kind: 'lines',
      title: 'Queue',
      description: 'Objects that wait to be looked at, and workers that are busy.',
      unit: Short,
      min: 0,
      queries: [
        { expr: `sum by (name) (${scraped('workqueue_depth')})`, legend: '{{name}} waiting' },
        {
          expr: `sum by (controller) (${scraped('controller_runtime_active_workers')})`,
          legend: '{{controller}} busy',
        },
      ],
    },
    slowest(
      'Slow queue',
      'The 99th percentile of the time that an object waits for a worker.',
      'workqueue_queue_duration_seconds',
      'name',
    ),
    rates(
      'Retries',
      'Objects a second that come back after a failure.',
      'workqueue_retries_total',
      'name',
      RequestsPerSecond,
    ),
    rates(
      'Restarts of runs',
      'Attempts a second that failed and were followed by another, by reason.',
      'ringmaster_run_restarts_total',
      'reason',
    ),
  ],
};

const apiServer: Row = {
  title: 'Kubernetes API',
  panels: [
    rates(
      'Requests',
      'Requests a second to the API server, by the code of the answer.',
      'rest_client_requests_total',
      'method, code',
      RequestsPerSecond,
    ),
    slowest(
      'Slow requests',
      'The 99th percentile of the time of a request, watches aside.',
      'rest_client_request_duration_seconds',
      'verb',
    ),
    slowest(
      'Held back',
      'The 99th percentile of the wait for the own rate limit (--api-rate).',
      'rest_client_rate_limiter_duration_seconds',
      'verb',
    ),
    rates(
      'Watches opened again',
      'By why the connection before ended; Ended is the ordinary course, every five to ten minutes.',
      'ringmaster_watch_restarts_total',
      'resource, reason',
    ),
    {
      kind: 'lines',
      title: 'Cache staleness',
      description: 'Since the API server last sent an event or a bookmark of a resource.',
      unit: Seconds,
      min: 0,
      queries: [
        {
          expr: `max by (resource) (${scraped('ringmaster_cache_staleness_seconds')})`,
          legend: '{{resource}}',
        },
      ],
    },
  ],
};

const processes: Row = {
  title: 'Process',
  panels: [
    byReplica(
      'Event loop lag',
      'How late the 99th percentile of timers comes: above 0.1 s the process has too much to do.',
      scraped('nodejs_eventloop_lag_p99_seconds'),
      Seconds,
    ),
    byReplica('Memory', 'Resident memory.', scraped('process_resident_memory_bytes'), BytesIEC),
    byReplica('Processor', 'Cores in use.', rateOf(scraped('process_cpu_seconds_total')), Short),
  ],
};

export const operatorDashboard: Dashboard = {
  name: 'operator',
  title: 'Ringmaster / Operator',
  description: 'The operator itself: who leads, what it does, how the Kubernetes API answers it.',
  metrics: ['ringmaster_build_info'],
  variables: [],
  rows: [overview, work, apiServer, processes],
};
