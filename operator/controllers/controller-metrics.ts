import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How a reconcile ended, in controller-runtime's words. */
export type ReconcileResult = 'success' | 'error';

/** What is counted of a work queue. */
export interface QueueMetrics {
  /** A key was added; `depth` keys now wait. */
  added(depth: number): void;
  /** A worker took a key that had waited so long; `depth` keys still wait. */
  taken(waitSeconds: number, depth: number): void;
  /** A worker gave a key back. */
  done(workSeconds: number): void;
  /** A key comes back after a failure. */
  retried(): void;
}

/** What is counted of a controller. */
export interface ControllerMetrics {
  readonly queue: QueueMetrics;
  started(workers: number): void;
  reconciling(): void;
  reconciled(result: ReconcileResult, seconds: number): void;
}

/** Bounds of controller-runtime's own histogram of reconciles. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  2, 3, 5, 10, 30, 60,
];
/** Bounds of client-go's histograms of work queues. */
const queueBuckets = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];

/**
 * Metrics under the names and labels of controller-runtime, so that existing dashboards and alerts work.
 * @returns those of a controller, by its name
 */
export function createControllerMetrics(registry: Registry): (controller: string) => ControllerMetrics {
  const common = { registers: [registry] };
  const ofController = { ...common, labelNames: ['controller'] };
  const total = new Counter({
    ...common,
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller.',
    labelNames: ['controller', 'result'],
  });
  const errors = new Counter({
    ...ofController,
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Total number of reconciliation errors per controller.',
  });
  const durations = new Histogram({
    ...ofController,
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller.',
    buckets: reconcileBuckets,
  });
  const maxConcurrent = new Gauge({
    ...ofController,
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Maximum number of concurrent reconciles per controller.',
  });
  const active = new Gauge({
    ...ofController,
    name: 'controller_runtime_active_workers',
    help: 'Number of currently used workers per controller.',
  });
  const queues = createQueueMetrics(registry);
  return (controller) => {
    for (const result of ['success', 'error']) total.inc({ controller, result }, 0);
    errors.inc({ controller }, 0);
    active.set({ controller }, 0);
    return {
      queue: queues(controller),
      started: (workers) => maxConcurrent.set({ controller }, workers),
      reconciling: () => active.inc({ controller }),
      reconciled: (result, seconds) => {
        active.dec({ controller });
        total.inc({ controller, result });
        if (result === 'error') errors.inc({ controller });
        durations.observe({ controller }, seconds);
      },
    };
  };
}

function createQueueMetrics(registry: Registry): (name: string) => QueueMetrics {
  const common = { registers: [registry], labelNames: ['name'] };
  const depth = new Gauge({ ...common, name: 'workqueue_depth', help: 'Current depth of workqueue.' });
  const adds = new Counter({
    ...common,
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue.',
  });
  const waits = new Histogram({
    ...common,
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested.',
    buckets: queueBuckets,
  });
  const work = new Histogram({
    ...common,
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes.',
    buckets: queueBuckets,
  });
  const retries = new Counter({
    ...common,
    name: 'workqueue_retries_total',
    help: 'Total number of retries handled by workqueue.',
  });
  return (name) => {
    depth.set({ name }, 0);
    retries.inc({ name }, 0);
    return {
      added: (waiting) => {
        adds.inc({ name });
        depth.set({ name }, waiting);
      },
      taken: (waitSeconds, waiting) => {
        waits.observe({ name }, waitSeconds);
        depth.set({ name }, waiting);
      },
      done: (workSeconds) => work.observe({ name }, workSeconds),
      retried: () => retries.inc({ name }),
    };
  };
}

/** Counts nothing. */
export const noControllerMetrics: ControllerMetrics = {
  queue: { added: () => undefined, taken: () => undefined, done: () => undefined, retried: () => undefined },
  started: () => undefined,
  reconciling: () => undefined,
  reconciled: () => undefined,
};
