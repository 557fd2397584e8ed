import type { KubernetesObject } from '../../../api/wire.ts';
import { ClusterError } from '../../cluster-error.ts';
import type { Cluster, ResourceType } from '../../cluster.ts';
import { leases, type Lease, type LeaseSpec } from '../lease.ts';

/** A server that knows one lease, with the optimistic locking of a real one. */
export interface LeaseServer {
  /** The server as one candidate reaches it. */
  connect(): Connection;
  spec(): LeaseSpec | undefined;
  /** Calls that reached it, in order. */
  readonly calls: string[];
}

export interface Connection {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'patch'>;
  /** `cut`: calls are never answered. `refusing`: calls fail. */
  state: 'open' | 'cut' | 'refusing';
}

export function createLeaseServer(): LeaseServer {
  let stored: Lease | undefined;
  let version = 0;
  const calls: string[] = [];

  function store(lease: Lease): Lease {
    version += 1;
    stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } };
    return stored;
  }

  function connect(): Connection {
    const connection: Connection = { cluster: { get, create, patch }, state: 'open' };

    async function answer<T extends KubernetesObject, R>(
      type: ResourceType<T>,
      call: string,
      give: () => Lease | undefined,
      as: (lease: Lease | undefined) => R,
    ): Promise<R> {
      if (type.plural !== leases.plural) throw new TypeError(`unexpected ${type.plural}`);
      if (connection.state === 'cut') return new Promise<R>(() => undefined);
      if (connection.state === 'refusing') throw new ClusterError('Unavailable', 'refused by the test');
      calls.push(call);
      return Promise.resolve(as(give()));
    }

    function get<T extends KubernetesObject>(type: ResourceType<T>): Promise<T | undefined> {
      return answer(
        type,
        'get',
        () => stored,
        (lease) => (isOfType(type, lease) ? lease : undefined),
      );
    }

    function create<T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T> {
      return answer(
        type,
        'create',
        () => {
          if (stored !== undefined) throw new ClusterError('AlreadyExists', 'it exists');
          return isLease(object) ? store(object) : undefined;
        },
        expectType(type),
      );
    }

    function patch<T extends KubernetesObject>(
      type: ResourceType<T>,
      _: unknown,
      { spec }: Readonly<Record<string, unknown>>,
      preconditions: { readonly resourceVersion?: string } = {},
    ): Promise<T> {
      return answer(
        type,
        'patch',
        () => {
          if (stored === undefined) throw new ClusterError('NotFound', 'it is gone');
          if (preconditions.resourceVersion !== stored.metadata.resourceVersion)
            throw new ClusterError('Conflict', 'somebody was faster');
          return store({ ...stored, spec: { ...stored.spec, ...(typeof spec === 'object' ? spec : {}) } });
        },
        expectType(type),
      );
    }
    return connection;
  }

  return { connect, spec: () => stored?.spec, calls };
}

function isLease(object: KubernetesObject): object is Lease {
  return object.kind === leases.kind;
}

function isOfType<T extends KubernetesObject>(
  type: ResourceType<T>,
  object: KubernetesObject | undefined,
): object is T {
  return object?.kind === type.kind;
}

function expectType<T extends KubernetesObject>(type: ResourceType<T>): (lease: Lease | undefined) => T {
  return (lease) => {
    if (isOfType(type, lease)) return lease;
    throw new TypeError(`this server knows leases, not ${type.plural}`);
  };
}
