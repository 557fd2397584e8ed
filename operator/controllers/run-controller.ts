import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { labels, managedByValue } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { NetworkPolicy, Pod, Service } from '../api/wire.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import type { ObservedRun, PlanSettings } from '../plan/observed-run.ts';
import { planRun, type Plan } from '../plan/plan.ts';
import { noControllerMetrics, type ControllerMetrics } from './controller-metrics.ts';
import { CreationFailedError } from './creation-failed-error.ts';
import { eventRecorder, type EventRecorder } from './events.ts';
import { Expectations } from './expectations.ts';
import { LastWords } from './last-words.ts';
import { keyOf, ObjectCache, parseKey } from './object-cache.ts';
import { besideStatus, execute, type WriteListener } from './plan-executor.ts';
import { ProgressPoller, type FetchProgress } from './progress-poller.ts';
import { isNoNewer } from '../cluster/resource-version.ts';
import { reconcileLoop } from './reconcile-loop.ts';
import { Refusals } from './refusals.ts';
import { restsOnAbsence } from './rests-on-absence.ts';
import { noRunMetrics, type RunMetrics } from './run-metrics.ts';
import { SchedulingApis } from './scheduling-apis.ts';
import { StatusWriter } from './status-writer.ts';
import { WorkQueue } from './work-queue.ts';

type OwnedObject = Pod | Service | NetworkPolicy;
type OwnedCache = ObjectCache<Pod> | ObjectCache<Service> | ObjectCache<NetworkPolicy>;

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
  readonly #runs: ObjectCache<TrainingRun>;
  readonly #pods: ObjectCache<Pod>;
  readonly #services: ObjectCache<Service>;
  /** Absent where runs are not fenced: the API need not even serve NetworkPolicies. */
  readonly #networkPolicies: ObjectCache<NetworkPolicy> | undefined;
  /** Absent where a queue and the scheduler's gangs mean nothing. */
  readonly #scheduling: SchedulingApis | undefined;
  readonly #expectations: Expectations;
  readonly #poller: ProgressPoller;
  readonly #lastWords = new LastWords();
  readonly #refusals = new Refusals();
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
    const place = settings.namespace === undefined ? {} : { namespace: settings.namespace };
    const owned = { ...place, labels: { [labels.managedBy]: managedByValue } };
    const enqueueOwner = ({ metadata }: OwnedObject) => {
      const run = metadata.labels?.[labels.run];
      if (run !== undefined) this.#notice(keyOf({ ...metadata, name: run }));
    };
    const common = { cluster, clock, log, signal };
    this.#runs = new ObjectCache<TrainingRun>({
      ...common,
      type: resourceTypes.trainingRuns,
      selection: place,
      indexBy: () => undefined,
      onChange: ({ metadata }) => this.#notice(keyOf(metadata)),
    });
    this.#pods = new ObjectCache<Pod>({
      ...common,
      type: resourceTypes.pods,
      selection: owned,
      indexBy: runUidOf,
      onChange: (pod) => {
        const run = pod.metadata.labels?.[labels.run];
        if (run !== undefined) this.#lastWords.note(keyOf({ ...pod.metadata, name: run }), pod);
        enqueueOwner(pod);
      },
    });
    this.#services = new ObjectCache<Service>({
      ...common,
      type: resourceTypes.services,
      selection: owned,
      indexBy: runUidOf,
      onChange: enqueueOwner,
    });
    this.#networkPolicies =
      settings.isolation === undefined
        ? undefined
        : new ObjectCache<NetworkPolicy>({
            ...common,
            type: resourceTypes.networkPolicies,
            selection: owned,
            indexBy: runUidOf,
            onChange: enqueueOwner,
          });
    this.#scheduling =
      settings.discoversSchedulingApis === true
        ? new SchedulingApis({
            ...common,
            ...place,
            onChange: (key) => this.#notice(key),
            onGeneralChange: () => {
              for (const { metadata, spec } of this.#runs.all())
                if (spec.scheduling.queueName !== undefined) this.#queue.add(keyOf(metadata));
            },
          })
        : undefined;
  }

  /** A cache shows something new of a run. */
  #notice(key: string): void {
    this.#expectations.observe(key);
    this.#queue.add(key);
  }

  async run(): Promise<void> {
    const { clock, log, settings, onReady, signal } = this.#options;
    await reconcileLoop({
      subject: 'run',
      queue: this.#queue,
      caches: [
        this.#runs,
        this.#pods,
        this.#services,
        ...(this.#networkPolicies === undefined ? [] : [this.#networkPolicies]),
        ...(this.#scheduling?.caches ?? []),
      ],
      workers: settings.workers ?? 8,
      reconcile: (key) => this.#reconcile(key),
      metrics: this.#metrics,
      clock,
      log,
      onReady: () => {
        this.#runMetrics.observe(() => this.#runs.all());
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
    const { settings } = this.#options;
    const cached = this.#observeCaches(key);
    if (cached === undefined) {
      this.#forget(key);
      return;
    }
    const plan = planRun(cached, settings);
    if (state === 'settled' && !restsOnAbsence(plan, cached.run)) {
      await this.#carryOut(key, cached.run, plan);
      return;
    }
    const observed = await this.#observeCluster(key);
    if (observed !== undefined) await this.#carryOut(key, observed.run, planRun(observed, settings));
  }

  /** Status before what follows from it, so that this is asked for again after a crash. */
  async #carryOut(key: string, run: TrainingRun, plan: Plan): Promise<void> {
    const { cluster } = this.#options;
    const listener = this.#listener(key);
    const { beside, after } = besideStatus(plan.actions);
    const [status, early] = await Promise.allSettled([
      this.#statuses.write(run, plan.status),
      execute(cluster, run, beside, listener),
    ]);
    if (status.status === 'rejected') throw status.reason;
    const written = status.value;
    if (written.outcome === 'written') {
      this.#expectVersion(key, written.run);
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

  #observeCaches(key: string): ObservedRun | undefined {
    const run = this.#runs.get(parseKey(key));
    if (run === undefined) return undefined;
    const { uid = '' } = run.metadata;
    return this.#observed(
      key,
      run,
      this.#pods.indexed(uid),
      this.#services.indexed(uid)[0],
      this.#networkPolicies?.indexed(uid)[0],
      this.#scheduling?.observe(uid),
    );
  }

  /** Asks the cluster itself. */
  async #observeCluster(key: string): Promise<ObservedRun | undefined> {
    const { cluster, settings } = this.#options;
    const { namespace, name } = parseKey(key);
    const run = await cluster.get<TrainingRun>(resourceTypes.trainingRuns, { namespace, name });
    if (run === undefined) return undefined;
    const selection = { namespace, labels: { [labels.runUid]: run.metadata.uid ?? '' } };
    const pods = await cluster.list<Pod>(resourceTypes.pods, selection);
    const [service] = await cluster.list<Service>(resourceTypes.services, selection);
    const [networkPolicy] =
      settings.isolation === undefined
        ? []
        : await cluster.list<NetworkPolicy>(resourceTypes.networkPolicies, selection);
    const scheduling = await this.#scheduling?.ask(selection);
    this.#expectations.forget(key);
    return this.#observed(key, run, pods, service, networkPolicy, scheduling);
  }

  #observed(
    key: string,
    run: TrainingRun,
    pods: Pod[],
    service: Service | undefined,
    networkPolicy: NetworkPolicy | undefined,
    scheduling: Pick<ObservedRun, 'queue' | 'podGroups'> | undefined,
  ): ObservedRun {
    const source = { runUid: run.metadata.uid ?? '', attempt: run.status?.attempt ?? 0 };
    const refusal = this.#refusals.of(key, source);
    return {
      run,
      pods,
      ...(service === undefined ? {} : { service }),
      ...(networkPolicy === undefined ? {} : { networkPolicy }),
      ...scheduling,
      ...this.#poller.last(key, source),
      ...(refusal === undefined ? {} : { refusal }),
      lastWords: this.#lastWords.of(key, source),
      nowMs: this.#options.clock.now(),
    };
  }

  #expectVersion(key: string, { metadata: { uid, resourceVersion } }: TrainingRun): void {
    this.#expectations.expect(key, () => {
      const cached = this.#runs.get(parseKey(key))?.metadata;
      return cached?.uid !== uid || isNoNewer(resourceVersion, cached?.resourceVersion);
    });
  }

  #listener(key: string): WriteListener {
    const has = (cache: OwnedCache | undefined, uid: string | undefined) => () =>
      cache === undefined || this.#ownedBy(key, cache).some(({ metadata }) => metadata.uid === uid);
    const isKnown = (kind: 'workloads' | 'podGroups', uid: string | undefined) => () =>
      this.#scheduling?.[kind](this.#uidOf(key))?.some(({ metadata }) => metadata.uid === uid) ?? true;
    return {
      onPodCreated: (uid) => this.#expectations.expect(key, has(this.#pods, uid)),
      onNetworkPolicyCreated: (uid) => this.#expectations.expect(key, has(this.#networkPolicies, uid)),
      onPodPatched: (uid, version) =>
        this.#expectations.expect(key, () =>
          this.#ownedBy(key, this.#pods).every(
            ({ metadata }) => metadata.uid !== uid || isNoNewer(version, metadata.resourceVersion),
          ),
        ),
      onPodGroupCreated: (uid) => this.#expectations.expect(key, isKnown('podGroups', uid)),
      onWorkloadCreated: (uid) => this.#expectations.expect(key, isKnown('workloads', uid)),
      onWorkloadDeleted: (uid) =>
        this.#expectations.expect(
          key,
          () =>
            this.#workloads(key)?.every(
              ({ metadata }) => metadata.uid !== uid || metadata.deletionTimestamp !== undefined,
            ) ?? true,
        ),
      onWorkloadPatched: (version) =>
        this.#expectations.expect(
          key,
          () =>
            this.#workloads(key)?.every(({ metadata }) => isNoNewer(version, metadata.resourceVersion)) ??
            true,
        ),
      onServiceCreated: (uid) => this.#expectations.expect(key, has(this.#services, uid)),
      onPodDeleted: (uid) =>
        this.#expectations.expect(key, () =>
          this.#ownedBy(key, this.#pods).every(
            ({ metadata }) => metadata.uid !== uid || metadata.deletionTimestamp !== undefined,
          ),
        ),
    };
  }

  #ownedBy(key: string, cache: OwnedCache): OwnedObject[] {
    return cache.indexed(this.#uidOf(key));
  }

  #workloads(key: string) {
    return this.#scheduling?.workloads(this.#uidOf(key));
  }

  #uidOf(key: string): string {
    return this.#runs.get(parseKey(key))?.metadata.uid ?? '';
  }

  #forget(key: string): void {
    this.#queue.forget(key);
    this.#expectations.forget(key);
    this.#poller.forget(key);
    this.#lastWords.forget(key);
    this.#refusals.forget(key);
    this.#statuses.forget(key);
  }
}

function runUidOf({ metadata }: OwnedObject): string | undefined {
  return metadata.labels?.[labels.runUid];
}
