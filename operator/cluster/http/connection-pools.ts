import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { ClusterError } from '../cluster-error.ts';
import type { Credentials } from './credentials.ts';

/** What a connection is for. Each has connections of its own: none may wait behind another's. */
export type Purpose = 'calls' | 'watches' | 'leases';

/** Connections to one server, kept open between requests. */
export interface ConnectionPools {
  dispatcher(purpose: Purpose, credentials: Credentials): Dispatcher;
  /** Breaks every connection. */
  close(): Promise<void>;
}

interface Pools {
  readonly connectionKey: string;
  readonly byPurpose: Readonly<Record<Purpose, Dispatcher>>;
}

const connectTimeoutMs = 10_000;
/** Below the 90 s after which kube-apiserver closes an idle connection, so that none is used while it is closed. */
const keepAliveMs = 60_000;

/**
 * HTTP/1.1 pools, as HTTP/2 is slower in Node: measured 16 parallel patches over TLS, 5,661 a second by HTTP/1.1 and
 * 1,935 by HTTP/2.
 */
const settings = {
  calls: { connections: 16, headersTimeout: 60_000, bodyTimeout: 60_000 },
  // The reflector has a watchdog of its own; undici's would end every quiet watch.
  watches: { connections: null, headersTimeout: 60_000, bodyTimeout: 0 },
  // Shorter than the renew deadline, so that a hung connection leaves time for another try.
  leases: { connections: 2, headersTimeout: 5_000, bodyTimeout: 5_000 },
} as const;

export function createConnectionPools(): ConnectionPools {
  let current: Pools | undefined;
  const retired = new Set<Promise<void>>();

  return {
    dispatcher(purpose, credentials) {
      if (current?.connectionKey !== credentials.connectionKey) {
        if (current !== undefined) retire(current, retired);
        current = {
          connectionKey: credentials.connectionKey,
          byPurpose: {
            calls: createDispatcher('calls', credentials),
            watches: createDispatcher('watches', credentials),
            leases: createDispatcher('leases', credentials),
          },
        };
      }
      return current.byPurpose[purpose];
    },
    async close() {
      const pools = current;
      current = undefined;
      if (pools !== undefined)
        await Promise.all(Object.values(pools.byPurpose).map((pool) => pool.destroy()));
      await Promise.all(retired);
    },
  };
}

/** Requests under way end as they would; a watch is broken and begins again on the new connections. */
function retire({ byPurpose }: Pools, retired: Set<Promise<void>>): void {
  const ended = Promise.all([
    byPurpose.calls.close(),
    byPurpose.leases.close(),
    byPurpose.watches.destroy(),
  ]).then(() => undefined);
  retired.add(ended);
  void ended.finally(() => retired.delete(ended));
}

function createDispatcher(purpose: Purpose, { tls, proxyUrl }: Credentials): Dispatcher {
  const options = { ...settings[purpose], pipelining: 1, allowH2: false, keepAliveTimeout: keepAliveMs };
  const connect = { ...tls, timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxyUrl === undefined) return new Agent({ ...options, connect });
  if (!/^https?:/.test(proxyUrl)) {
    throw new ClusterError(
      'Unavailable',
      `proxy-url ${proxyUrl} of the kubeconfig must begin with http:// or https://`,
    );
  }
  return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: tls });
}
