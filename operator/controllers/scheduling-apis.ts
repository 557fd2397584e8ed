import type { ResourceFlavor, Workload } from '../api/kueue.ts';
import { podGroupApiVersions, type PodGroup, type PodGroupApiVersion } from '../api/pod-group.ts';
import { labels, managedByValue } from '../api/v1alpha1/group.ts';
import type { KubernetesObject } from '../api/wire.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { podGroupType, resourceTypes, type Cluster, type Selection } from '../cluster/cluster.ts';
import type { ObservedRun } from '../plan/observed-run.ts';
import { keyOf, ObjectCache, runUidOf } from './object-cache.ts';
import { OptionalApi } from './optional-api.ts';

export interface SchedulingApisOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  /** Namespace to act in. Default: all. */
  readonly namespace?: string;
  /** Called after something of a run has changed. */
  readonly onChange: (runKey: string) => void;
  /** Called after something changed that any run may depend on. */
  readonly onGeneralChange: () => void;
  readonly signal: AbortSignal;
}

interface KueueCaches {
  readonly workloads: ObjectCache<Workload>;
  readonly flavors: ObjectCache<ResourceFlavor>;
  readonly synced: Promise<void>;
  readonly closed: Promise<void>;
}

interface PodGroupCaches {
  readonly apiVersion: PodGroupApiVersion;
  readonly groups: ObjectCache<PodGroup>;
  readonly synced: Promise<void>;
  readonly closed: Promise<void>;
}

/** Selects nothing, as no UID is such: to ask whether a type is served and may be read. What there is follows in a watch. */
const nothing: Selection = { labels: { [labels.runUid]: 'none' } };

/** What there is of Kueue and of PodGroups, on clusters that have them. */
export class SchedulingApis {
  readonly #options: SchedulingApisOptions;
  readonly #kueue: OptionalApi<'v1beta2', KueueCaches>;
  readonly #podGroups: OptionalApi<PodGroupApiVersion, PodGroupCaches>;

  constructor(options: SchedulingApisOptions) {
    this.#options = options;
    const { cluster, clock, log, namespace, onGeneralChange, signal } = options;
    const place = namespace === undefined ? {} : { namespace };
    const selection = { ...place, labels: { [labels.managedBy]: managedByValue } };
    const common = { clock, log, onServed: onGeneralChange, signal };
    this.#kueue = new OptionalApi({
      ...common,
      name: 'Kueue',
      versions: ['v1beta2'] as const,
      probe: async () => {
        await cluster.list(resourceTypes.workloads, { ...place, ...nothing });
        await cluster.list(resourceTypes.resourceFlavors, nothing);
      },
      open: () => this.#openKueue(selection),
    });
    this.#podGroups = new OptionalApi({
      ...common,
      name: 'PodGroup',
      versions: podGroupApiVersions,
      probe: (version: PodGroupApiVersion) => cluster.list(podGroupType(version), { ...place, ...nothing }),
      open: (version: PodGroupApiVersion) => this.#openPodGroups(version, selection),
    });
  }

  /** What must be known before work begins. */
  get caches(): readonly { readonly synced: Promise<void>; readonly closed: Promise<void> }[] {
    return [this.#kueue, this.#podGroups];
  }

  /** What the caches show of a run. */
  observe(runUid: string): Pick<ObservedRun, 'queue' | 'podGroups'> {
    const kueue = this.#kueue.current;
    const podGroups = this.#podGroups.current;
    return observed(
      kueue,
      kueue?.workloads.indexed(runUid) ?? [],
      podGroups,
      podGroups?.groups.indexed(runUid) ?? [],
    );
  }

  /** What the cluster itself says of a run; flavours belong to no run, and any state of them does. */
  async ask(selection: Selection): Promise<Pick<ObservedRun, 'queue' | 'podGroups'>> {
    const { cluster } = this.#options;
    const kueue = this.#kueue.current;
    const podGroups = this.#podGroups.current;
    return observed(
      kueue,
      kueue === undefined ? [] : await cluster.list(resourceTypes.workloads, selection),
      podGroups,
      podGroups === undefined ? [] : await cluster.list(podGroupType(podGroups.apiVersion), selection),
    );
  }

  /** The Workloads of a run that the cache shows; `undefined` where there is no Kueue. */
  workloads(runUid: string): readonly Workload[] | undefined {
    return this.#kueue.current?.workloads.indexed(runUid);
  }

  /** The PodGroups of a run that the cache shows. */
  podGroups(runUid: string): readonly PodGroup[] | undefined {
    return this.#podGroups.current?.groups.indexed(runUid);
  }

  #openKueue(selection: Selection): KueueCaches {
    const { cluster, clock, log, onGeneralChange, signal } = this.#options;
    const common = { cluster, clock, log, signal };
    const workloads = new ObjectCache<Workload>({
      ...common,
      type: resourceTypes.workloads,
      selection,
      indexBy: runUidOf,
      onChange: (workload) => this.#changed(workload),
    });
    const flavors = new ObjectCache<ResourceFlavor>({
      ...common,
      type: resourceTypes.resourceFlavors,
      selection: {},
      indexBy: () => undefined,
      onChange: onGeneralChange,
    });
    return { workloads, flavors, ...together(workloads, flavors) };
  }

  #openPodGroups(apiVersion: PodGroupApiVersion, selection: Selection): PodGroupCaches {
    const { cluster, clock, log, signal } = this.#options;
    const groups = new ObjectCache<PodGroup>({
      ...{ cluster, clock, log, signal, selection },
      type: podGroupType(apiVersion),
      indexBy: runUidOf,
      onChange: (podGroup) => this.#changed(podGroup),
    });
    return { apiVersion, groups, ...together(groups) };
  }

  #changed({ metadata }: KubernetesObject): void {
    const run = metadata.labels?.[labels.run];
    if (run !== undefined) this.#options.onChange(keyOf({ ...metadata, name: run }));
  }
}

function observed(
  kueue: KueueCaches | undefined,
  workloads: readonly Workload[],
  podGroups: PodGroupCaches | undefined,
  groups: readonly PodGroup[],
): Pick<ObservedRun, 'queue' | 'podGroups'> {
  const [workload] = workloads;
  return {
    ...(kueue === undefined
      ? {}
      : { queue: { flavors: [...kueue.flavors.all()], ...(workload === undefined ? {} : { workload }) } }),
    ...(podGroups === undefined ? {} : { podGroups: { apiVersion: podGroups.apiVersion, groups } }),
  };
}

function together(...caches: readonly { readonly synced: Promise<void>; readonly closed: Promise<void> }[]): {
  readonly synced: Promise<void>;
  readonly closed: Promise<void>;
} {
  const all = (promises: readonly Promise<void>[]) => Promise.all(promises).then(() => undefined);
  return { synced: all(caches.map(({ synced }) => synced)), closed: all(caches.map(({ closed }) => closed)) };
}
