import { describeError } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { KubernetesObject } from '../api/wire.ts';
import type { Cluster, ObjectKey, ResourceType, Selection, WatchEvent } from '../cluster/cluster.ts';

export interface ObjectCacheOptions<T extends KubernetesObject> {
  readonly cluster: Pick<Cluster, 'watch'>;
  readonly type: ResourceType<T>;
  readonly selection: Selection;
  /** What objects are looked up by besides their key, such as the UID of their owner. */
  readonly indexBy: (object: T) => string | undefined;
  /** Called after each change is in the cache. */
  readonly onChange: (object: T) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Wait before a watch that broke off is opened again. */
const rewatchDelayMs = 1000;

/** A copy of a part of the cluster that a watch keeps current. It lags behind the cluster by a moment, always. */
export class ObjectCache<T extends KubernetesObject> {
  readonly #options: ObjectCacheOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #index = new Map<string, Set<string>>();
  readonly #synced = Promise.withResolvers<undefined>();
  /** Resolves when everything that existed is in the cache. */
  readonly synced: Promise<void> = this.#synced.promise;
  /** Resolves when the lifetime has ended and the watch is closed. */
  readonly closed: Promise<void>;

  constructor(options: ObjectCacheOptions<T>) {
    this.#options = options;
    this.closed = this.#follow();
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyOf(key));
  }

  /** All objects, in no order. */
  all(): Iterable<T> {
    return this.#objects.values();
  }

  /** The objects whose index is `value`. */
  indexed(value: string): T[] {
    return [...(this.#index.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Watches for as long as the lifetime lasts. */
  async #follow(): Promise<void> {
    const { cluster, type, selection, clock, log, signal } = this.#options;
    const hasEnded = () => signal.aborted;
    while (!hasEnded()) {
      // A new watch tells everything again, so what it does not tell before `synced` is gone.
      const untold = new Set(this.#objects.keys());
      try {
        for await (const event of cluster.watch(type, selection, signal)) this.#take(event, untold);
      } catch (error) {
        if (!hasEnded()) log.warn({ kind: type.kind, error: describeError(error) }, 'a watch broke off');
      }
      await clock.sleep(rewatchDelayMs, signal);
    }
  }

  #take(event: WatchEvent<T>, untold: Set<string>): void {
    if (event.type === 'synced') {
      for (const key of untold) this.#remove(key);
      untold.clear();
      this.#synced.resolve(undefined);
      return;
    }
    const key = keyOf(event.object.metadata);
    untold.delete(key);
    if (event.type === 'deleted') this.#remove(key, event.object);
    else this.#put(key, event.object);
  }

  #put(key: string, object: T): void {
    this.#unlist(key);
    this.#objects.set(key, object);
    const value = this.#options.indexBy(object);
    if (value !== undefined) {
      const keys = this.#index.get(value) ?? new Set();
      this.#index.set(value, keys.add(key));
    }
    this.#options.onChange(object);
  }

  #remove(key: string, lastState = this.#objects.get(key)): void {
    this.#unlist(key);
    this.#objects.delete(key);
    if (lastState !== undefined) this.#options.onChange(lastState);
  }

  #unlist(key: string): void {
    const old = this.#objects.get(key);
    const value = old === undefined ? undefined : this.#options.indexBy(old);
    if (value === undefined) return;
    const keys = this.#index.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#index.delete(value);
  }
}

/** `namespace/name`. */
export function keyOf({
  namespace = 'default',
  name,
}: {
  readonly namespace?: string;
  readonly name: string;
}): string {
  return `${namespace}/${name}`;
}

/** The parts of `namespace/name`. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The UID of the run that an object belongs to, by its label: the index of what runs own. */
export function runUidOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.labels?.[labels.runUid];
}
