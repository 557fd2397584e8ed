import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { MergePatch, Preconditions } from '../cluster.ts';
import { refusals } from './refusals.ts';
import type { AnyType, StoredObject } from './wire-object.ts';

/** A patch that names a version or a UID is meant for that one. */
export function preconditionsIn(patch: MergePatch): Preconditions {
  const metadata = isObject(patch.metadata) ? patch.metadata : {};
  const { uid, resourceVersion } = metadata;
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

/** @throws ClusterError Conflict when the object is not the one that was meant */
export function assertPreconditions(
  type: AnyType,
  current: StoredObject,
  preconditions: Preconditions,
): void {
  const { name, uid, resourceVersion } = current.metadata;
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    throw refusals.conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  }
  if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw refusals.conflict(
      type,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}
