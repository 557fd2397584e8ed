import type { Clock } from '../../base/clock.ts';
import { isClusterError } from '../cluster-error.ts';
import type { Cluster, ObjectKey } from '../cluster.ts';
import { leases, toMicroTime, type Lease, type LeaseSpec } from './lease.ts';

/** One candidate's view of the Lease that candidates compete for. */
export interface LeaseRecord {
  /**
   * Takes or renews the lease if it may be had; false when somebody else holds it or was faster.
   * @throws ClusterError when the server cannot be reached or refuses
   */
  tryHold(): Promise<boolean>;
  /** Milliseconds until another's silence lasts so long that the lease may be taken; `undefined` when none is known of. */
  takeableInMs(): number | undefined;
  /** Gives the lease up, so that another may take it at once. */
  release(): Promise<void>;
}

interface LeaseRecordOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'patch'>;
  readonly key: ObjectKey;
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** By how much sooner than the lease's end it may be taken. */
  readonly headroomMs: number;
  readonly clock: Clock;
}

interface Observation {
  readonly lease: Lease;
  /** When this version was first seen, by this machine's monotonic clock. */
  readonly at: number;
}

/**
 * A holder is judged dead by how long its record has not changed here. The times in the record are never compared with
 * this machine's clock, because clocks of machines differ.
 */
export function createLeaseRecord({
  cluster,
  key,
  identity,
  leaseDurationMs,
  headroomMs,
  clock,
}: LeaseRecordOptions): LeaseRecord {
  let observed: Observation | undefined;

  function observe(lease: Lease): Observation {
    if (observed?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      observed = { lease, at: clock.monotonicMs() };
    }
    return observed ?? { lease, at: clock.monotonicMs() };
  }

  /** Until when its holder's silence is borne, by this machine's monotonic clock. */
  function takeableAt({ lease, at }: Observation): number {
    const { leaseDurationSeconds = Math.ceil(leaseDurationMs / 1000) } = lease.spec;
    return at + leaseDurationSeconds * 1000 - headroomMs;
  }

  async function look(): Promise<Observation | undefined> {
    const lease = await cluster.get(leases, key);
    if (lease === undefined) observed = undefined;
    return lease === undefined ? undefined : observe(lease);
  }

  async function write(spec: LeaseSpec, current: Lease): Promise<boolean> {
    const { resourceVersion } = current.metadata;
    try {
      observe(
        await cluster.patch(leases, key, { spec }, resourceVersion === undefined ? {} : { resourceVersion }),
      );
      return true;
    } catch (error) {
      // Somebody wrote first, or removed it; the next try looks again.
      if (!isClusterError(error, 'Conflict') && !isClusterError(error, 'NotFound')) throw error;
      observed = undefined;
      return false;
    }
  }

  return {
    async tryHold() {
      // The holder knows the record, so that renewing takes one request.
      const isHeldHere = observed?.lease.spec.holderIdentity === identity;
      const seen = isHeldHere ? observed : await look();
      const now = toMicroTime(clock.now());
      const spec = {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        renewTime: now,
      };
      if (seen === undefined) {
        try {
          const created = { ...spec, acquireTime: now, leaseTransitions: 0 };
          observe(await cluster.create(leases, { ...newLease(key), spec: created }));
          return true;
        } catch (error) {
          if (isClusterError(error, 'AlreadyExists')) return false;
          throw error;
        }
      }
      const { holderIdentity = '' } = seen.lease.spec;
      if (holderIdentity === identity) return write(spec, seen.lease);
      const isFree = holderIdentity === '' || clock.monotonicMs() >= takeableAt(seen);
      if (!isFree) return false;
      const leaseTransitions = (seen.lease.spec.leaseTransitions ?? 0) + 1;
      return write({ ...spec, acquireTime: now, leaseTransitions }, seen.lease);
    },

    takeableInMs() {
      return observed === undefined ? undefined : takeableAt(observed) - clock.monotonicMs();
    },

    async release() {
      if (observed?.lease.spec.holderIdentity !== identity) return;
      // One second, for candidates that look at the duration before the name (as client-go does).
      const renewTime = toMicroTime(clock.now());
      await write({ holderIdentity: '', leaseDurationSeconds: 1, renewTime }, observed.lease);
    },
  };
}

function newLease({ namespace, name }: ObjectKey): Pick<Lease, 'apiVersion' | 'kind' | 'metadata'> {
  return { apiVersion: leases.apiVersion, kind: leases.kind, metadata: { namespace, name } };
}
