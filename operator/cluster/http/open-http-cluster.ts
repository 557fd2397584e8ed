import { setMaxListeners } from 'node:events';
import type { Registry } from 'prom-client';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import { group } from '../../api/v1alpha1/group.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/logging.ts';
import { ClusterError, isClusterError } from '../cluster-error.ts';
import {
  resourceTypes,
  type Cluster,
  type MergePatch,
  type ObjectKey,
  type Preconditions,
  type ResourceType,
  type Selection,
} from '../cluster.ts';
import { isExpired } from './api-refusal.ts';
import { createConnectionPools, type Purpose } from './connection-pools.ts';
import { createCredentialSource } from './credentials.ts';
import { listPages } from './list-pages.ts';
import { reflect } from './reflector.ts';
import type { ApiAccess } from './api-access.ts';
import { createRequestMetrics, noRequestMetrics } from './request-metrics.ts';
import { labelSelector, resourcePath } from './resource-path.ts';
import { withRetries } from './retries.ts';
import { createTokenBucket, type RateLimit } from './token-bucket.ts';
import { createTransport, type ApiRequest } from './transport.ts';
import { createWatchMetrics, noWatchMetrics } from './watch-metrics.ts';
import { toObject, type ListPage } from './wire.ts';

export interface HttpClusterOptions {
  /** A kubeconfig, whose current context counts, or a service account. Files that it names are read again as they change. */
  readonly access: ApiAccess;
  /**
   * Requests of this client, leases aside. Default 50 a second, 100 at once; the server's own priority and fairness
   * guards it beyond that, so a busy operator may ask for more.
   */
  readonly rateLimit?: RateLimit;
  /** Default `ringmaster`. */
  readonly userAgent?: string;
  /** Who the server records as the writer of fields. Default `ringmaster`. */
  readonly fieldManager?: string;
  /** Where client-go's metrics of requests, and ours of watches, are registered. Default: nowhere. */
  readonly registry?: Registry;
  /** Told when a watch had to begin again. */
  readonly log?: Pick<Logger, 'warn'>;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** Numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** Which part of a container's output to read. */
export interface PodLogOptions {
  readonly container: string;
  /** Goes on until the container ends. */
  readonly follow: boolean;
  /** Lines from the end. Default: all. */
  readonly tailLines?: number;
  /** Only what was written at or after this moment, in RFC 3339. */
  readonly sinceTime?: string;
}

/** A cluster behind a connection, which must be closed. */
export interface HttpCluster extends Cluster {
  /** The output of a container as it comes, each line with the moment of its writing before it. Not retried. */
  podLog(key: ObjectKey, options: PodLogOptions, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** Asks the server for its opinion, which is stored nowhere: the status that it answers with. */
  review(kind: ReviewKind, spec: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** Breaks every connection and ends calls under way, also those that wait to be tried again. */
  close(): Promise<void>;
}

/** Who has a token; whether somebody may do something. */
type ReviewKind = 'TokenReview' | 'SubjectAccessReview';

const reviewGroups = { TokenReview: 'authentication.k8s.io', SubjectAccessReview: 'authorization.k8s.io' };

const defaultRateLimit: RateLimit = { perSecond: 50, burst: 100 };
const mergePatchType = 'application/merge-patch+json';

/**
 * Opens a real API server as a {@link Cluster}.
 * @throws ClusterError when the credentials cannot be read; the server itself is not asked yet
 */
export async function openHttpCluster(options: HttpClusterOptions): Promise<HttpCluster> {
  const { access, clock = systemClock, random = Math.random, log } = options;
  const fieldManager = options.fieldManager ?? 'ringmaster';
  const metrics = options.registry === undefined ? noRequestMetrics : createRequestMetrics(options.registry);
  const followWatch =
    options.registry === undefined ? noWatchMetrics : createWatchMetrics(options.registry, clock);
  const credentials = createCredentialSource(access, clock);
  const { host } = new URL((await credentials.current()).server);
  const pools = createConnectionPools();
  const transport = createTransport({
    credentials,
    pools,
    metrics,
    clock,
    limiter: createTokenBucket(options.rateLimit ?? defaultRateLimit, clock),
    userAgent: options.userAgent ?? 'ringmaster',
  });
  const closing = new AbortController();
  // One listener a request under way, of which there may be many.
  setMaxListeners(0, closing.signal);
  const call = (request: ApiRequest) =>
    withRetries({ ...request, signal: closing.signal }, (each) => transport.call(each), {
      clock,
      metrics,
      host,
      random,
    });

  async function write<T extends KubernetesObject>(
    type: ResourceType<T>,
    { namespace, name }: ObjectKey,
    patch: MergePatch,
    preconditions: Preconditions | undefined,
    subresource?: 'status',
  ): Promise<T> {
    const request: ApiRequest = {
      method: 'PATCH',
      path: resourcePath(type, { namespace, name, ...(subresource === undefined ? {} : { subresource }) }),
      query: { fieldManager, ...(subresource === undefined ? strictness(type) : {}) },
      body: withPreconditions(patch, preconditions),
      contentType: mergePatchType,
      purpose: purposeOf(type),
    };
    try {
      return toObject(type, await call(request));
    } catch (error) {
      throw preconditions?.uid === undefined ? error : asConflict(error);
    }
  }

  return {
    async get(type, { namespace, name }) {
      try {
        const path = resourcePath(type, { namespace, name });
        return toObject(type, await call({ method: 'GET', path, purpose: purposeOf(type) }));
      } catch (error) {
        if (isClusterError(error, 'NotFound')) return undefined;
        throw error;
      }
    },

    async list(type, selection: Selection = {}) {
      const path = resourcePath(type, { namespace: selection.namespace });
      const fetchPage = (query: Readonly<Record<string, string>>) =>
        call({ method: 'GET', path, query: { ...labelSelector(selection), ...query }, purpose: 'calls' });
      try {
        return await collect(listPages(type, fetchPage));
      } catch (error) {
        if (!isExpired(error)) throw error;
        // The state that the pages show was forgotten before the last one; that of another moment does as well.
        return collect(listPages(type, fetchPage));
      }
    },

    watch(type, selection, signal) {
      const path = resourcePath(type, { namespace: selection.namespace });
      const selector = labelSelector(selection);
      return reflect(
        {
          type,
          list: (query, aborted) =>
            transport.call({
              method: 'GET',
              path,
              query: { ...selector, ...query },
              purpose: 'calls',
              signal: aborted,
            }),
          watch: (query, aborted) =>
            transport.stream({
              method: 'GET',
              path,
              query: { ...selector, ...query },
              purpose: 'watches',
              signal: aborted,
            }),
          clock,
          random,
          metrics: followWatch(type.plural),
          onFailure: (error) =>
            log?.warn({ resource: type.plural, error: describeError(error) }, 'a watch begins again'),
        },
        signal,
      );
    },

    async create(type, object) {
      const { namespace = 'default', resourceVersion } = object.metadata;
      // The server takes it for its own fault and answers 500.
      if (resourceVersion !== undefined)
        throw new ClusterError('BadRequest', 'resourceVersion should not be set on objects to be created');
      const request: ApiRequest = {
        method: 'POST',
        path: resourcePath(type, { namespace }),
        query: { fieldManager, ...strictness(type) },
        body: object,
        purpose: purposeOf(type),
      };
      return toObject(type, await call(request));
    },

    patch: (type, key, patch, preconditions) => write(type, key, patch, preconditions),
    patchStatus: (type, key, patch, preconditions) => write(type, key, patch, preconditions, 'status'),

    async delete(type, { namespace, name }, { preconditions, gracePeriodSeconds } = {}) {
      const request: ApiRequest = {
        method: 'DELETE',
        path: resourcePath(type, { namespace, name }),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          ...(preconditions === undefined ? {} : { preconditions }),
          ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        },
        purpose: purposeOf(type),
      };
      try {
        await call(request);
      } catch (error) {
        if (!isClusterError(error, 'NotFound')) throw error;
      }
    },

    podLog: ({ namespace, name }, { container, follow, tailLines, sinceTime }, signal) =>
      transport.stream({
        method: 'GET',
        path: resourcePath(resourceTypes.pods, { namespace, name, subresource: 'log' }),
        query: {
          container,
          follow: String(follow),
          timestamps: 'true',
          ...(tailLines === undefined ? {} : { tailLines: String(tailLines) }),
          ...(sinceTime === undefined ? {} : { sinceTime }),
        },
        // Like a watch, it may be quiet for long.
        purpose: 'watches',
        signal,
      }),

    async review(kind, spec) {
      const version = `${reviewGroups[kind]}/v1`;
      const answer = await call({
        method: 'POST',
        path: `/apis/${version}/${kind.toLowerCase()}s`,
        body: { apiVersion: version, kind, metadata: {}, spec },
        purpose: 'calls',
      });
      return isObject(answer) && isObject(answer.status) ? answer.status : {};
    },

    close: async () => {
      closing.abort();
      await pools.close();
    },
  };
}

async function collect<T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const objects: T[] = [];
  for await (const { items } of pages) objects.push(...items);
  return objects;
}

/** The server takes a patch that names a version or UID as meant for that one, and answers 409 for another. */
function withPreconditions(patch: MergePatch, preconditions: Preconditions = {}): MergePatch {
  const { uid, resourceVersion } = preconditions;
  if (uid === undefined && resourceVersion === undefined) return patch;
  const metadata = typeof patch.metadata === 'object' ? patch.metadata : {};
  return { ...patch, metadata: { ...metadata, ...preconditions } };
}

/** To the server a patch with another UID is an attempt to change a field that cannot change. */
function asConflict(error: unknown): unknown {
  const isOtherUid =
    isClusterError(error, 'Invalid') && error.fields.some(({ path }) => path === 'metadata.uid');
  return isOtherUid ? new ClusterError('Conflict', error.message, { cause: error }) : error;
}

/**
 * A misspelt field of our own resources is an error, as it is to kubectl, rather than dropped without a word. Others'
 * resources may be older than this client, and then to lack a field is better than to be refused.
 */
function strictness(type: ResourceType<KubernetesObject>): { fieldValidation?: 'Strict' } {
  return type.apiVersion.startsWith(`${group}/`) ? { fieldValidation: 'Strict' } : {};
}

function purposeOf(type: ResourceType<KubernetesObject>): Purpose {
  return type.plural === 'leases' ? 'leases' : 'calls';
}
