import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ObservedRun, PlanSettings } from '../plan/observed-run.ts';
import { besideStatus } from '../plan/beside-status.ts';
import { planRun, type Plan } from '../plan/plan.ts';
import { noControllerMetrics, type ControllerMetrics } from './controller-metrics.ts';
import { CreationFailedError } from './creation-failed-error.ts';
import { eventRecorder, type EventRecorder } from './events.ts';
import { Expectations } from './expectations.ts';
import { expectedWrites, expectVersion } from './expected-writes.ts';
import { LastWords } from './last-words.ts';
import { keyOf } from './object-cache.ts';
import { execute } from './plan-executor.ts';
import { ProgressPoller, type FetchProgress } from './progress-poller.ts';
import { reconcileLoop } from './reconcile-loop.ts';
import { Refusals } from './refusals.ts';
import { restsOnAbsence } from './rests-on-absence.ts';
import { RunCaches, type RunObjects } from './run-caches.ts';
import { noRunMetrics, type RunMetrics } from './run-metrics.ts';
import { StatusWriter } from './status-writer.ts';
import { ValidatedRuns } from './validated-runs.ts';
import { WorkQueue } from './work-queue.ts';

interface RunControllerSettings extends PlanSettings {
  /** Whether Kueue and PodGroups are looked for, where they have a meaning. Without it they count as not served. */
  readonly discoversSchedulingApis?: boolean;
  /** Runs reconciled at once. Default 8: a reconcile is mostly waiting for the API. */
  readonly workers?: number;
  /** How often a running trainer is asked for its progress, in milliseconds. Default 5,000. */
  readonly progressIntervalMs?: number;
  /** Shortest time between two writes of nothing but progress, in milliseconds. Default 5,000. */
  readonly statusIntervalMs?: number;
  /** How long the caches may take to show our own writes before the cluster is asked. Default 10,000. */
  readonly cacheTimeoutMs?: number;
  /** Namespace to act in. Default: all. */
  readonly namespace?: string;
  /** Name of this process among the operator's replicas, on events. Default `ringmaster`. */
  readonly instance?: string;
}

export interface RunControllerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetchProgress: FetchProgress;
  readonly settings: RunControllerSettings;
  /** Default: counts nothing. */
  readonly metrics?: ControllerMetrics;
  /** Default: counts nothing. */
  readonly runMetrics?: RunMetrics;
  /** Called once everything that exists is known and work begins. */
  readonly onReady?: () => void;
  /** Lifetime: on abort, reconciles under way are finished and no other begins. */
  readonly signal: AbortSignal;
}

/** Watches TrainingRuns and what they own, and does what {@link planRun} says. Resolves when its lifetime has ended. */
export async function runController(options: RunControllerOptions): Promise<void> {
  const controller = new RunController(options);
  await controller.run();
}

class RunController {
  readonly #options: RunControllerOptions;
  readonly #queue: WorkQueue;
  readonly #caches: RunCaches;
  readonly #expectations: Expectations;
  readonly #poller: ProgressPoller;
  readonly #lastWords = new LastWords();
  readonly #refusals = new Refusals();
  readonly #validated = new ValidatedRuns();
  readonly #statuses: StatusWriter;
  readonly #events: EventRecorder;
  readonly #progressIntervalMs: number;
  readonly #metrics: ControllerMetrics;
  readonly #runMetrics: RunMetrics;

  constructor(options: RunControllerOptions) {
    const { cluster, clock, log, fetchProgress, settings, signal } = options;
    this.#options = options;
    this.#progressIntervalMs = settings.progressIntervalMs ?? 5_000;
    this.#metrics = options.metrics ?? noControllerMetrics;
    this.#runMetrics = options.runMetrics ?? noRunMetrics;
    this.#queue = new WorkQueue({ clock, signal, metrics: this.#metrics.queue });
    this.#expectations = new Expectations(clock, settings.cacheTimeoutMs ?? 10_000);
    this.#statuses = new StatusWriter(cluster, clock, settings.statusIntervalMs ?? 5_000);
    this.#events = eventRecorder(cluster, clock, log, settings.instance ?? 'ringmaster');
    this.#poller = new ProgressPoller({
      fetchProgress,
      clock,
      log,
      signal,
      intervalMs: this.#progressIntervalMs,
      onNews: (key) => this.#queue.add(key),
    });
    this.#caches = new RunCaches({
      ...{ cluster, clock, log, signal },
      ...(settings.namespace === undefined ? {} : { namespace: settings.namespace }),
      hasNetworkPolicies: settings.isolation !== undefined,
      discoversSchedulingApis: settings.discoversSchedulingApis === true,
      onChange: (key) => {
        this.#expectations.observe(key);
        this.#queue.add(key);
      },
      onPod: (key, pod) => {
        this.#lastWords.note(key, pod);
      },
      onQueuesChange: () => {
        for (const { metadata, spec } of this.#caches.runs())
          if (spec.scheduling.queueName !== undefined) this.#queue.add(keyOf(metadata));
      },
    });
  }

  async run(): Promise<void> {
    const { clock, log, settings, onReady, signal } = this.#options;
    await reconcileLoop({
      subject: 'run',
      queue: this.#queue,
      caches: this.#caches.caches,
      workers: settings.workers ?? 8,
      reconcile: (key) => this.#reconcile(key),
      metrics: this.#metrics,
      clock,
      log,
      onReady: () => {
        this.#runMetrics.observe(() => this.#caches.runs());
        onReady?.();
      },
      signal,
    });
  }

  async #reconcile(key: string): Promise<void> {
    const state = this.#expectations.state(key);
    if (typeof state === 'object') {
      this.#queue.addAfter(key, state.waitMs);
      return;
    }
    const objects = this.#caches.observe(key);
    if (objects === undefined) {
      this.#forget(key);
      return;
    }
    const cached = this.#observed(key, objects);
    const plan = this.#plan(cached);
    if (state === 'settled' && !restsOnAbsence(plan, cached.run)) {
      await this.#carryOut(key, cached.run, plan);
      return;
    }
    const asked = await this.#caches.ask(key);
    if (asked === undefined) return;
    this.#expectations.forget(key);
    const observed = this.#observed(key, asked);
    await this.#carryOut(key, observed.run, this.#plan(observed));
  }

  /** Status before what follows from it and could not be found again without it after a crash. */
  async #carryOut(key: string, run: TrainingRun, plan: Plan): Promise<void> {
    const { cluster } = this.#options;
    const listener = expectedWrites(key, this.#caches, this.#expectations);
    const { beside, after } = besideStatus(plan, run.status);
    const [status, early] = await Promise.allSettled([
      this.#statuses.write(run, plan.status),
      execute(cluster, run, beside, listener),
    ]);
    if (status.status === 'rejected') throw status.reason;
    const written = status.value;
    if (written.outcome === 'written') {
      expectVersion(key, written.run, this.#caches, this.#expectations);
      this.#runMetrics.changed(run, plan.status);
    }
    try {
      if (early.status === 'rejected') throw early.reason;
      await execute(cluster, run, after, listener);
      this.#refusals.forget(key);
    } catch (error) {
      if (error instanceof CreationFailedError) {
        this.#refusals.note(key, {
          runUid: run.metadata.uid ?? '',
          attempt: plan.status.attempt ?? 0,
          refusal: error,
        });
        await this.#events.record(run, { type: 'Warning', reason: error.reason, message: error.message });
      }
      throw error;
    } finally {
      for (const announcement of plan.announcements) await this.#events.record(run, announcement);
    }
    this.#askForProgress(key, run, plan);
    if (plan.requeueAfterMs !== undefined) this.#queue.addAfter(key, plan.requeueAfterMs);
    if (written.outcome === 'postponed') this.#queue.addAfter(key, written.waitMs);
  }

  #askForProgress(key: string, { metadata }: TrainingRun, { readProgressFrom, status }: Plan): void {
    if (readProgressFrom === undefined) {
      this.#poller.forget(key);
      return;
    }
    this.#poller.ask(key, {
      runUid: metadata.uid ?? '',
      attempt: status.attempt ?? 1,
      address: readProgressFrom,
    });
    this.#queue.addAfter(key, this.#progressIntervalMs);
  }

  #plan(observed: ObservedRun): Plan {
    return planRun(observed, this.#options.settings, (run) => this.#validated.validate(run));
  }

  /** What the cluster holds of a run, with what the controller itself has learnt of it. */
  #observed(key: string, objects: RunObjects): ObservedRun {
    const { run } = objects;
    const source = { runUid: run.metadata.uid ?? '', attempt: run.status?.attempt ?? 0 };
    const refusal = this.#refusals.of(key, source);
    return {
      ...objects,
      ...this.#poller.last(key, source),
      ...(refusal === undefined ? {} : { refusal }),
      lastWords: this.#lastWords.of(key, source),
      nowMs: this.#options.clock.now(),
    };
  }

  #forget(key: string): void {
    this.#queue.forget(key);
    this.#expectations.forget(key);
    this.#poller.forget(key);
    this.#lastWords.forget(key);
    this.#refusals.forget(key);
    this.#statuses.forget(key);
    this.#validated.forget(key);
  }
}
