import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/wire.ts';
import { toTimestamp, type Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logging.ts';
import { ClusterError } from '../cluster-error.ts';
import {
  resourceTypes,
  type Cluster,
  type MergePatch,
  type ObjectKey,
  type Preconditions,
  type ResourceType,
  type Selection,
  type WatchEvent,
} from '../cluster.ts';
import { admissionOf } from './admission.ts';
import { ChangeFeed, type Change } from './change-feed.ts';
import { addedFinalizers, clientFields, metadataProblems, serverFields } from './metadata.ts';
import { newObject } from './new-object.ts';
import { ObjectTable, type ObjectReference } from './object-table.ts';
import { patchedObject } from './patched-object.ts';
import { assertPreconditions, preconditionsIn } from './preconditions.ts';
import { refusals } from './refusals.ts';
import { isSelected } from './selection.ts';
import { lockStateFolder } from './state-lock.ts';
import { asWatchEvent } from './watch-event.ts';
import {
  isStored,
  overTheWire,
  typed,
  type AnyType,
  type StoredObject,
  type WireObject,
} from './wire-object.ts';

/** Where the state is kept, and the way to the outside. */
export interface EmbeddedClusterOptions {
  /** Folder of the state; made when it is missing. One process at a time may have it open. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A Kubernetes API in this process, with its objects on disk. */
export interface EmbeddedCluster extends Cluster {
  /** Ends all watches and gives the folder back. Every call afterwards fails with reason `Unavailable`. */
  close(): void;
}

/** Events beyond this number are dropped, oldest first; an API server drops them after an hour. */
const maxEvents = 1000;

/**
 * Opens the state folder, finishing what a killed process had begun.
 * @throws StateLockedError when another process has it open
 */
export function openEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  return Promise.resolve().then(() => {
    const unlock = lockStateFolder(options.folder);
    try {
      return new SqliteCluster(options, new ObjectTable(options.folder), unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  });
}

/** A write in progress: what it decided is published once it is durable. */
type Transaction = Change[];

class SqliteCluster implements EmbeddedCluster {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #table: ObjectTable;
  readonly #unlock: () => void;
  readonly #feed = new ChangeFeed();
  readonly #closed = new AbortController();
  #garbageCollection: NodeJS.Immediate | undefined;

  constructor({ clock, log }: EmbeddedClusterOptions, table: ObjectTable, unlock: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#table = table;
    this.#unlock = unlock;
    this.#collectGarbageSoon();
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    clearImmediate(this.#garbageCollection);
    this.#closed.abort();
    this.#table.close();
    this.#unlock();
  }

  async get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<T | undefined> {
    return await this.#answer(() => {
      admissionOf(type);
      const object = this.#table.get(type.plural, key);
      return object === undefined ? undefined : typed(type, object);
    });
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>, selection: Selection = {}): Promise<T[]> {
    return await this.#answer(() => this.#select(type, selection).map((object) => typed(type, object)));
  }

  async *watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    this.#assertOpen();
    const ending = AbortSignal.any([signal, this.#closed.signal]);
    // The subscription and the snapshot are taken in one turn, so that no write falls between them.
    const subscription = this.#feed.subscribe(type.plural, ending);
    try {
      const snapshot = this.#select(type, selection);
      const seen = new Set(snapshot.map(({ metadata }) => metadata.uid));
      for (const object of snapshot) {
        if (ending.aborted) break;
        yield { type: 'added', object: typed(type, object) };
      }
      if (!ending.aborted) yield { type: 'synced' };
      while (!ending.aborted) {
        for (const change of await subscription.next()) {
          const event = asWatchEvent(type, selection, change, seen);
          if (event !== undefined) yield event;
        }
      }
    } finally {
      subscription.close();
    }
    if (!signal.aborted) this.#assertOpen();
  }

  async create<T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T> {
    return await this.#answer(() => {
      const admission = admissionOf(type);
      const named = newObject(type, overTheWire(object));
      const problems = metadataProblems(named.metadata);
      if (problems.length > 0) throw refusals.invalid(type, named.metadata.name, problems);
      const admitted = admission.admit?.(named) ?? named;
      const created = this.#write((transaction) => {
        if (this.#table.get(type.plural, named.metadata) !== undefined)
          throw refusals.alreadyExists(type, named.metadata.name);
        const { status, ...rest } = admitted;
        const initialStatus = admission.hasStatus ? admission.initialStatus : status;
        const next = this.#put(transaction, type, {
          ...rest,
          metadata: {
            ...clientFields(admitted.metadata),
            uid: randomUUID(),
            generation: 1,
            creationTimestamp: toTimestamp(this.#clock.now()),
          },
          ...(initialStatus === undefined ? {} : { status: initialStatus }),
        });
        if (type.plural === resourceTypes.events.plural) this.#dropOldEvents(transaction);
        return next;
      });
      // Its owner may be gone already.
      if (created.metadata.ownerReferences !== undefined) this.#collectGarbageSoon();
      return typed(type, created);
    });
  }

  async patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: MergePatch,
    preconditions: Preconditions = {},
  ): Promise<T> {
    return await this.#answer(() => {
      const admission = admissionOf(type);
      const next = this.#write((transaction) => {
        const current = this.#require(type, key, { ...preconditionsIn(patch), ...preconditions });
        const patched = patchedObject(type, current, patch);
        if (admission.hasStatus) {
          if (current.status === undefined) delete patched.status;
          else patched.status = current.status;
        }
        const problems = [
          ...metadataProblems(patched.metadata),
          ...addedFinalizers(patched.metadata, current.metadata),
        ];
        if (problems.length > 0) throw refusals.invalid(type, key.name, problems);
        return this.#replace(transaction, type, current, admission.admit?.(patched, current) ?? patched);
      });
      return typed(type, next);
    });
  }

  async patchStatus<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: MergePatch,
    preconditions: Preconditions = {},
  ): Promise<T> {
    return await this.#answer(() => {
      const admission = admissionOf(type);
      if (!admission.hasStatus) throw refusals.noSuchResource({ ...type, plural: `${type.plural}/status` });
      const next = this.#write((transaction) => {
        const current = this.#require(type, key, { ...preconditionsIn(patch), ...preconditions });
        const { status } = patchedObject(type, current, { status: patch.status });
        const admitted = admission.admitStatus?.(status ?? {}, current) ?? status;
        return this.#replace(transaction, type, current, { ...current, status: admitted });
      });
      return typed(type, next);
    });
  }

  async delete<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: { readonly preconditions?: Preconditions; readonly gracePeriodSeconds?: number } = {},
  ): Promise<void> {
    await this.#answer(() => {
      admissionOf(type);
      this.#write((transaction) => {
        const current = this.#table.get(type.plural, key);
        if (current === undefined) return;
        assertPreconditions(type, current, options.preconditions ?? {});
        this.#delete(transaction, type, current, options.gracePeriodSeconds);
      });
    });
  }

  /** Runs one call, with errors and all, as the promise that a remote API would return. */
  async #answer<R>(call: () => R): Promise<R> {
    this.#assertOpen();
    return await Promise.resolve(call());
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw new ClusterError('Unavailable', 'the embedded cluster is closed');
  }

  #select(type: AnyType, selection: Selection): StoredObject[] {
    admissionOf(type);
    return this.#table
      .list(type.plural, selection.namespace)
      .filter((object) => isSelected(object, selection));
  }

  /** One transaction; watchers hear of it after it is durable, and before the caller does. */
  #write<R>(change: (transaction: Transaction) => R): R {
    const transaction: Transaction = [];
    const result = this.#table.transact(() => change(transaction));
    for (const made of transaction) this.#feed.publish(made);
    return result;
  }

  #require(type: AnyType, key: ObjectKey, preconditions: Preconditions): StoredObject {
    const current = this.#table.get(type.plural, key);
    if (current === undefined) throw refusals.notFound(type, key.name);
    assertPreconditions(type, current, preconditions);
    return current;
  }

  /** Stores what a patch made of an object, or removes it when the patch took away what held it back. */
  #replace(transaction: Transaction, type: AnyType, current: StoredObject, next: WireObject): StoredObject {
    const metadata = { ...clientFields(next.metadata), ...serverFields(current.metadata) };
    const merged = { ...next, metadata };
    if (isDeepStrictEqual(merged, current)) return current;
    if (!isDeepStrictEqual(next.spec, current.spec)) metadata.generation = (metadata.generation ?? 1) + 1;
    if (metadata.deletionTimestamp !== undefined && isFree(merged))
      return this.#remove(transaction, type, merged);
    return this.#put(transaction, type, merged);
  }

  #delete(
    transaction: Transaction,
    type: AnyType,
    current: StoredObject,
    requestedSeconds: number | undefined,
  ): void {
    const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
    const seconds = admissionOf(type).gracePeriodSeconds?.(current, requestedSeconds) ?? 0;
    const isShorter = deletionTimestamp === undefined || seconds < (deletionGracePeriodSeconds ?? 0);
    if (!isShorter) return;
    const next = {
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp: toTimestamp(this.#clock.now() + seconds * 1000),
        deletionGracePeriodSeconds: seconds,
      },
    };
    if (isFree(next)) this.#remove(transaction, type, next);
    else this.#put(transaction, type, next);
  }

  #put(transaction: Transaction, type: AnyType, object: WireObject): StoredObject {
    const stored = this.#stamp(object);
    this.#table.put(type.plural, stored, Number(stored.metadata.resourceVersion));
    transaction.push({ plural: type.plural, type: 'written', object: structuredClone(stored) });
    return stored;
  }

  #remove(transaction: Transaction, type: AnyType, object: WireObject): StoredObject {
    const removed = this.#stamp(object);
    this.#table.remove(type.plural, removed.metadata);
    transaction.push({ plural: type.plural, type: 'deleted', object: removed });
    this.#collectGarbageSoon();
    return removed;
  }

  #stamp(object: WireObject): StoredObject {
    const stamped = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#table.nextResourceVersion()) },
    };
    if (!isStored(stamped)) throw new TypeError('an object without namespace or UID cannot be stored');
    return stamped;
  }

  #dropOldEvents(transaction: Transaction): void {
    const type = resourceTypes.events;
    for (const key of this.#table.oldestBeyond(type.plural, maxEvents)) {
      const event = this.#table.get(type.plural, key);
      if (event !== undefined) this.#remove(transaction, type, event);
    }
  }

  /** In the background, as the garbage collector of a cluster: whoever deletes an owner does not wait for its children. */
  #collectGarbageSoon(): void {
    this.#garbageCollection ??= setImmediate(() => {
      this.#garbageCollection = undefined;
      try {
        this.#collectGarbage();
      } catch (error) {
        this.#log.error({ err: error }, 'objects of a deleted owner could not be deleted');
      }
    });
  }

  #collectGarbage(): void {
    for (const orphan of this.#table.orphans()) {
      const type = servedType(orphan);
      const current = this.#table.get(orphan.plural, orphan);
      if (type === undefined || current === undefined) continue;
      this.#log.debug({ ...orphan }, 'deleting an object whose owner is gone');
      this.#write((transaction) => {
        this.#delete(transaction, type, current, undefined);
      });
    }
  }
}

function servedType({ plural }: ObjectReference): AnyType | undefined {
  return Object.values<AnyType>(resourceTypes).find((type) => type.plural === plural);
}

/** Whether nothing holds a deleted object back: no finalizer, and no time left for its processes to end. */
function isFree({ metadata }: WireObject): boolean {
  return (metadata.finalizers ?? []).length === 0 && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
