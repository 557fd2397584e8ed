import type { Clock } from '../../base/clock.ts';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType, WatchEvent } from '../cluster.ts';
import { ApiRefusal, isExpired } from './api-refusal.ts';
import { backoffMs } from './backoff.ts';
import { createKnownObjects, objectKey, type KnownObjects } from './known-objects.ts';
import { listPages } from './list-pages.ts';
import { watchConnection, type OpenWatch } from './watch-connection.ts';
import type { WatchMetrics } from './watch-metrics.ts';
import { toObject } from './wire.ts';

/** Where a reflector gets its objects from, and what it waits with. */
export interface ReflectorSource<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  /** One page of the list. */
  readonly list: (query: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<unknown>;
  readonly watch: OpenWatch;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Told of every failure that a new connection cures; the reflector goes on. */
  readonly onFailure: (error: unknown) => void;
  readonly metrics: WatchMetrics;
}

/** What is remembered from one connection to the next. */
interface Position<T> {
  /** Where the next watch begins; absent when everything must be shown again. */
  resourceVersion: string | undefined;
  readonly known: KnownObjects<T>;
  hasSynced: boolean;
  /** Whether the server sends everything there is at the begin of a watch (Kubernetes 1.32 and newer do). */
  streamsInitialObjects: boolean;
}

/** As client-go: between five and ten minutes, so that watches of many clients do not end together. */
const watchSeconds = { min: 300, spread: 300 };
/** A watch that the server ends sooner than this is a failing one. */
const shortestGoodWatchMs = 1000;
const forgivenAfterMs = 120_000;
const refusedBackoff = { initialMs: 800, maxMs: 30_000 };
/** A server that is down costs nothing to ask, and work should go on soon after it is back. */
const unreachableBackoff = { initialMs: 800, maxMs: 2_000 };

/**
 * Follows a resource until `signal` is aborted: everything there is as `added`, `synced`, then changes. It survives
 * whatever happens to its connections; what changed in between is found by comparing with what was told before.
 */
export async function* reflect<T extends KubernetesObject>(
  source: ReflectorSource<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  try {
    yield* followForEver(source, signal);
  } finally {
    source.metrics.ended();
  }
}

async function* followForEver<T extends KubernetesObject>(
  source: ReflectorSource<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const position: Position<T> = {
    resourceVersion: undefined,
    known: createKnownObjects<T>(),
    hasSynced: false,
    streamsInitialObjects: true,
  };
  let failures = 0;
  let wasRefused = false;
  while (!signal.aborted) {
    const startedAt = source.clock.monotonicMs();
    let failure: unknown;
    try {
      for await (const event of followOnce(source, position, signal)) {
        if (isAborted(signal)) return;
        yield event;
      }
    } catch (error) {
      failure = error;
    }
    if (isAborted(signal)) return;
    source.metrics.restarted(failure);

    const livedMs = source.clock.monotonicMs() - startedAt;
    if (livedMs >= forgivenAfterMs) failures = 0;
    if (failure === undefined && livedMs >= shortestGoodWatchMs) continue;
    if (position.resourceVersion === undefined && position.streamsInitialObjects && isUnsupported(failure)) {
      position.streamsInitialObjects = false;
      continue;
    }
    // A server that comes back refuses some requests at first, which says nothing about the next.
    if (failure instanceof ApiRefusal !== wasRefused) failures = 0;
    wasRefused = failure instanceof ApiRefusal;
    failures += 1;
    if (isExpired(failure)) {
      position.resourceVersion = undefined;
      // It happens in the ordinary course of things, once.
      if (failures === 1) continue;
    } else if (failure !== undefined) {
      source.onFailure(failure);
    }
    await source.clock.sleep(delayMs(failure, failures, source.random()), signal);
  }
}

/** Behind a call, so that the compiler does not take it for settled since the last look. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function delayMs(failure: unknown, failures: number, random: number): number {
  if (!(failure instanceof ApiRefusal)) return backoffMs(failures, unreachableBackoff, random);
  const askedMs = (failure.status.retryAfterSeconds ?? 0) * 1000;
  return Math.max(askedMs, backoffMs(failures, refusedBackoff, random));
}

/** Servers without the feature answer 422, some before them 400. */
function isUnsupported(failure: unknown): boolean {
  return failure instanceof ApiRefusal && (failure.status.code === 422 || failure.status.code === 400);
}

/** One list and its watch, or one watch, until the server ends it. */
async function* followOnce<T extends KubernetesObject>(
  source: ReflectorSource<T>,
  position: Position<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  if (position.resourceVersion === undefined && !position.streamsInitialObjects) {
    yield* listAll(source, position, signal);
  }
  yield* watchOnce(source, position, signal);
}

async function* listAll<T extends KubernetesObject>(
  { type, list }: ReflectorSource<T>,
  position: Position<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const shown = new Set<string>();
  let resourceVersion: string | undefined;
  for await (const page of listPages(type, (query) => list(query, signal))) {
    ({ resourceVersion } = page);
    for (const object of page.items) {
      shown.add(objectKey(object));
      yield* position.known.put(object);
    }
  }
  yield* completed(position, shown);
  position.resourceVersion = resourceVersion;
}

async function* watchOnce<T extends KubernetesObject>(
  { type, watch, clock, random, metrics }: ReflectorSource<T>,
  position: Position<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { resourceVersion, known } = position;
  let shown = resourceVersion === undefined ? new Set<string>() : undefined;
  const query =
    resourceVersion === undefined
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion };
  const timeoutSeconds = watchSeconds.min + Math.floor(random() * watchSeconds.spread);

  for await (const line of watchConnection(watch, query, timeoutSeconds, clock, signal)) {
    metrics.heard();
    if (line.type === 'BOOKMARK') {
      if (shown !== undefined && endsInitialObjects(line.object)) {
        yield* completed(position, shown);
        shown = undefined;
      }
      if (shown === undefined) position.resourceVersion = versionOf(line.object) ?? position.resourceVersion;
      continue;
    }
    const object = toObject(type, line.object);
    if (line.type === 'DELETED') {
      shown?.delete(objectKey(object));
      yield* known.remove(object);
    } else {
      shown?.add(objectKey(object));
      yield* known.put(object);
    }
    // Until all has been shown, versions come in no order, and a watch could not begin again at one of them.
    if (shown === undefined) position.resourceVersion = object.metadata.resourceVersion;
  }
}

function* completed<T>(
  position: Position<T>,
  shown: ReadonlySet<string>,
): Generator<WatchEvent<T>, void, undefined> {
  yield* position.known.retainOnly(shown);
  if (position.hasSynced) return;
  position.hasSynced = true;
  yield { type: 'synced' };
}

function versionOf({ metadata }: Record<string, unknown>): string | undefined {
  return isObject(metadata) && typeof metadata.resourceVersion === 'string'
    ? metadata.resourceVersion
    : undefined;
}

function endsInitialObjects({ metadata }: Record<string, unknown>): boolean {
  const annotations = isObject(metadata) ? metadata.annotations : undefined;
  return isObject(annotations) && annotations['k8s.io/initial-events-end'] === 'true';
}
