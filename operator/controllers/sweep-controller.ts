import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { labels, managedByValue } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { isNoNewer } from '../cluster/resource-version.ts';
import { planSweep } from '../plan/sweep-plan.ts';
import { noControllerMetrics, type ControllerMetrics } from './controller-metrics.ts';
import { eventRecorder, type EventRecorder } from './events.ts';
import { Expectations } from './expectations.ts';
import { keyOf, ObjectCache, parseKey } from './object-cache.ts';
import { CreationFailedError } from './creation-failed-error.ts';
import { reconcileLoop } from './reconcile-loop.ts';
import { executeSweepActions } from './sweep-executor.ts';
import { noSweepMetrics, type SweepMetrics } from './sweep-metrics.ts';
import { SweepStatusWriter } from './sweep-status-writer.ts';
import { WorkQueue } from './work-queue.ts';

export interface SweepControllerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings?: {
    /** Sweeps reconciled at once. Default 2. */
    readonly workers?: number;
    /** Shortest time between two writes that decide nothing, in milliseconds. Default 5,000. */
    readonly statusIntervalMs?: number;
    /** How long the caches may take to show our own writes before they are believed again. Default 10,000. */
    readonly cacheTimeoutMs?: number;
    /** Namespace to act in. Default: all. */
    readonly namespace?: string;
    /** Name of this process among the operator's replicas, on events. Default `ringmaster`. */
    readonly instance?: string;
  };
  /** Default: counts nothing. */
  readonly metrics?: ControllerMetrics;
  /** Default: counts nothing. */
  readonly sweepMetrics?: SweepMetrics;
  /** Called once everything that exists is known and work begins. */
  readonly onReady?: () => void;
  /** Lifetime: on abort, reconciles under way are finished and no other begins. */
  readonly signal: AbortSignal;
}

/** Watches TrainingSweeps and their trials, and does what `planSweep` says. Resolves when its lifetime has ended. */
export async function sweepController(options: SweepControllerOptions): Promise<void> {
  await new SweepController(options).run();
}

class SweepController {
  readonly #options: SweepControllerOptions;
  readonly #queue: WorkQueue;
  readonly #sweeps: ObjectCache<TrainingSweep>;
  readonly #trials: ObjectCache<TrainingRun>;
  readonly #expectations: Expectations;
  readonly #statuses: SweepStatusWriter;
  readonly #events: EventRecorder;
  readonly #metrics: ControllerMetrics;

  constructor(options: SweepControllerOptions) {
    const { cluster, clock, log, settings = {}, signal } = options;
    this.#options = options;
    this.#metrics = options.metrics ?? noControllerMetrics;
    this.#queue = new WorkQueue({ clock, signal, metrics: this.#metrics.queue });
    this.#expectations = new Expectations(clock, settings.cacheTimeoutMs ?? 10_000);
    this.#statuses = new SweepStatusWriter(cluster, clock, settings.statusIntervalMs ?? 5_000);
    this.#events = eventRecorder(cluster, clock, log, settings.instance ?? 'ringmaster');
    const place = settings.namespace === undefined ? {} : { namespace: settings.namespace };
    const common = { cluster, clock, log, signal };
    this.#sweeps = new ObjectCache<TrainingSweep>({
      ...common,
      type: resourceTypes.trainingSweeps,
      selection: place,
      indexBy: () => undefined,
      onChange: ({ metadata }) => this.#notice(keyOf(metadata)),
    });
    this.#trials = new ObjectCache<TrainingRun>({
      ...common,
      type: resourceTypes.trainingRuns,
      selection: { ...place, labels: { [labels.managedBy]: managedByValue } },
      indexBy: ({ metadata }) => metadata.labels?.[labels.sweepUid],
      onChange: ({ metadata }) => {
        const sweep = metadata.labels?.[labels.sweep];
        if (sweep !== undefined) this.#notice(keyOf({ ...metadata, name: sweep }));
      },
    });
  }

  #notice(key: string): void {
    this.#expectations.observe(key);
    this.#queue.add(key);
  }

  async run(): Promise<void> {
    const { clock, log, settings, sweepMetrics = noSweepMetrics, onReady, signal } = this.#options;
    await reconcileLoop({
      subject: 'sweep',
      queue: this.#queue,
      caches: [this.#sweeps, this.#trials],
      workers: settings?.workers ?? 2,
      reconcile: (key) => this.#reconcile(key),
      metrics: this.#metrics,
      clock,
      log,
      onReady: () => {
        sweepMetrics.observe(() => this.#sweeps.all());
        onReady?.();
      },
      signal,
    });
  }

  /** Status first: whatever else is done follows from its rows, and is asked for again after a crash. */
  async #reconcile(key: string): Promise<void> {
    const state = this.#expectations.state(key);
    if (typeof state === 'object') {
      this.#queue.addAfter(key, state.waitMs);
      return;
    }
    const sweep = this.#sweeps.get(parseKey(key));
    if (sweep === undefined) {
      this.#forget(key);
      return;
    }
    // Overdue caches are believed: every write of a status names the version that it rests on.
    this.#expectations.forget(key);
    const { cluster, clock } = this.#options;
    const runs = this.#trials.indexed(sweep.metadata.uid ?? '');
    const plan = planSweep({ sweep, runs, nowMs: clock.now() });
    const written = await this.#statuses.write(sweep, plan.status);
    if (written.outcome === 'written') this.#expectVersion(key, written.sweep);
    try {
      await executeSweepActions(cluster, sweep, plan.actions, (uid) => this.#expectTrial(key, uid));
    } catch (error) {
      if (error instanceof CreationFailedError)
        await this.#events.record(sweep, { type: 'Warning', reason: error.reason, message: error.message });
      throw error;
    } finally {
      for (const announcement of plan.announcements) await this.#events.record(sweep, announcement);
    }
    if (plan.requeueAfterMs !== undefined) this.#queue.addAfter(key, plan.requeueAfterMs);
    if (written.outcome === 'postponed') this.#queue.addAfter(key, written.waitMs);
  }

  #expectVersion(key: string, { metadata: { uid, resourceVersion } }: TrainingSweep): void {
    this.#expectations.expect(key, () => {
      const cached = this.#sweeps.get(parseKey(key))?.metadata;
      return cached?.uid !== uid || isNoNewer(resourceVersion, cached?.resourceVersion);
    });
  }

  #expectTrial(key: string, uid: string | undefined): void {
    this.#expectations.expect(key, () =>
      this.#trials
        .indexed(this.#sweeps.get(parseKey(key))?.metadata.uid ?? '')
        .some(({ metadata }) => metadata.uid === uid),
    );
  }

  #forget(key: string): void {
    this.#queue.forget(key);
    this.#expectations.forget(key);
    this.#statuses.forget(key);
  }
}
