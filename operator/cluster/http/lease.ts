import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType } from '../cluster.ts';

/** A Lease of `coordination.k8s.io/v1`: a record of who may act, as leader election uses it. */
export interface Lease extends KubernetesObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty once its holder has given it up. */
  holderIdentity?: string;
  /** For how long others leave it to the holder after the last change that they saw. */
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  /** How often it went from one holder to another. */
  leaseTransitions?: number;
}

export const leases: ResourceType<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
};

/** The wire form of a moment with microseconds, which times of a Lease must have. */
export function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
