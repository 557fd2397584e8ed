import { labels, managedByValue } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { KubernetesObject, NetworkPolicy, Pod, Service } from '../api/wire.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { resourceTypes, type Cluster, type ResourceType, type Selection } from '../cluster/cluster.ts';
import type { ObservedRun } from '../plan/observed-run.ts';
import { keyOf, ObjectCache, parseKey, runUidOf } from './object-cache.ts';
import { SchedulingApis } from './scheduling-apis.ts';

export interface RunCachesOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  /** Namespace to watch. Default: all. */
  readonly namespace?: string;
  /** Whether runs are fenced; where they are not, the API need not even serve NetworkPolicies. */
  readonly hasNetworkPolicies: boolean;
  /** Whether Kueue and PodGroups are looked for. */
  readonly discoversSchedulingApis: boolean;
  /** Called after a run, or something that it owns, has changed. */
  readonly onChange: (runKey: string) => void;
  /** Called before that with a pod that has changed. */
  readonly onPod: (runKey: string, pod: Pod) => void;
  /** Called after something changed that any run in a queue may depend on. */
  readonly onQueuesChange: () => void;
  /** Lifetime of the watches. */
  readonly signal: AbortSignal;
}

/** What the cluster holds of a run. */
export type RunObjects = Pick<
  ObservedRun,
  'run' | 'pods' | 'service' | 'networkPolicy' | 'queue' | 'podGroups'
>;

/** The caches of runs and of what they own. */
export class RunCaches {
  readonly #cluster: Cluster;
  readonly #runs: ObjectCache<TrainingRun>;
  readonly #pods: ObjectCache<Pod>;
  readonly #services: ObjectCache<Service>;
  readonly #networkPolicies: ObjectCache<NetworkPolicy> | undefined;
  readonly #scheduling: SchedulingApis | undefined;

  constructor(options: RunCachesOptions) {
    const { cluster, clock, log, namespace, onChange, onPod, onQueuesChange, signal } = options;
    this.#cluster = cluster;
    const common = { cluster, clock, log, signal };
    const place = namespace === undefined ? {} : { namespace };
    this.#runs = new ObjectCache<TrainingRun>({
      ...common,
      type: resourceTypes.trainingRuns,
      selection: place,
      indexBy: () => undefined,
      onChange: ({ metadata }) => {
        onChange(keyOf(metadata));
      },
    });
    const owned = <T extends KubernetesObject>(
      type: ResourceType<T>,
      note: (runKey: string, object: T) => void = () => undefined,
    ) =>
      new ObjectCache<T>({
        ...common,
        type,
        selection: { ...place, labels: { [labels.managedBy]: managedByValue } },
        indexBy: runUidOf,
        onChange: (object) => {
          const run = object.metadata.labels?.[labels.run];
          if (run === undefined) return;
          const key = keyOf({ ...object.metadata, name: run });
          note(key, object);
          onChange(key);
        },
      });
    this.#pods = owned(resourceTypes.pods, onPod);
    this.#services = owned(resourceTypes.services);
    this.#networkPolicies = options.hasNetworkPolicies ? owned(resourceTypes.networkPolicies) : undefined;
    this.#scheduling = options.discoversSchedulingApis
      ? new SchedulingApis({ ...common, ...place, onChange, onGeneralChange: onQueuesChange })
      : undefined;
  }

  /** What must be known before work begins. */
  get caches(): readonly { readonly synced: Promise<void>; readonly closed: Promise<void> }[] {
    return [
      this.#runs,
      this.#pods,
      this.#services,
      ...(this.#networkPolicies === undefined ? [] : [this.#networkPolicies]),
      ...(this.#scheduling?.caches ?? []),
    ];
  }

  /** All runs, in no order. */
  runs(): Iterable<TrainingRun> {
    return this.#runs.all();
  }

  run(key: string): TrainingRun | undefined {
    return this.#runs.get(parseKey(key));
  }

  pods(key: string): readonly Pod[] {
    return this.#pods.indexed(this.#uidOf(key));
  }

  services(key: string): readonly Service[] {
    return this.#services.indexed(this.#uidOf(key));
  }

  /** `undefined` where runs are not fenced. */
  networkPolicies(key: string): readonly NetworkPolicy[] | undefined {
    return this.#networkPolicies?.indexed(this.#uidOf(key));
  }

  /** `undefined` where there is no Kueue. */
  workloads(key: string) {
    return this.#scheduling?.workloads(this.#uidOf(key));
  }

  /** `undefined` where there are no PodGroups. */
  podGroups(key: string) {
    return this.#scheduling?.podGroups(this.#uidOf(key));
  }

  /** What the caches show of a run; `undefined` when they do not show the run itself. */
  observe(key: string): RunObjects | undefined {
    const run = this.run(key);
    if (run === undefined) return undefined;
    const [service] = this.services(key);
    const [networkPolicy] = this.networkPolicies(key) ?? [];
    const scheduling = this.#scheduling?.observe(this.#uidOf(key));
    return together(run, this.pods(key), service, networkPolicy, scheduling);
  }

  /** What the cluster itself holds of a run, whatever the caches show; `undefined` when the run is gone. */
  async ask(key: string): Promise<RunObjects | undefined> {
    const { namespace, name } = parseKey(key);
    const run = await this.#cluster.get<TrainingRun>(resourceTypes.trainingRuns, { namespace, name });
    if (run === undefined) return undefined;
    const selection: Selection = { namespace, labels: { [labels.runUid]: run.metadata.uid ?? '' } };
    const pods = await this.#cluster.list<Pod>(resourceTypes.pods, selection);
    const [service] = await this.#cluster.list<Service>(resourceTypes.services, selection);
    const [networkPolicy] =
      this.#networkPolicies === undefined
        ? []
        : await this.#cluster.list<NetworkPolicy>(resourceTypes.networkPolicies, selection);
    return together(run, pods, service, networkPolicy, await this.#scheduling?.ask(selection));
  }

  #uidOf(key: string): string {
    return this.run(key)?.metadata.uid ?? '';
  }
}

function together(
  run: TrainingRun,
  pods: readonly Pod[],
  service: Service | undefined,
  networkPolicy: NetworkPolicy | undefined,
  scheduling: Pick<ObservedRun, 'queue' | 'podGroups'> | undefined,
): RunObjects {
  return {
    run,
    pods,
    ...(service === undefined ? {} : { service }),
    ...(networkPolicy === undefined ? {} : { networkPolicy }),
    ...scheduling,
  };
}
