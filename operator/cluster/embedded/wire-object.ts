import { isObject, isObjectMeta } from '../../api/v1alpha1/wire-guards.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import { ClusterError } from '../cluster-error.ts';
import type { ResourceType } from '../cluster.ts';

/** An object as it is stored: JSON of any kind, with the fields that every object has. */
export interface WireObject extends KubernetesObject {
  spec?: unknown;
  status?: unknown;
  [field: string]: unknown;
}

/** An object that has been given its namespace. */
export type NamespacedObject = WireObject & { metadata: { namespace: string } };

/** An object that is stored, so that it has been given its namespace and UID. */
export type StoredObject = NamespacedObject & { metadata: { uid: string } };

/** The type of any resource, where it does not matter which. */
export type AnyType = ResourceType<KubernetesObject>;

/** Whether a value has what every object of the API has. */
export function isWireObject(value: unknown): value is WireObject {
  return (
    isObject(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isObjectMeta(value.metadata)
  );
}

/** A value as it would arrive over the wire: a copy of its own, without `undefined`. */
export function overTheWire(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined; // The library's type forgets JSON.stringify(undefined).
  return text === undefined ? undefined : JSON.parse(text);
}

/** Reads back what was stored. */
export function parseStored(json: string): StoredObject {
  const value: unknown = JSON.parse(json);
  if (!isStored(value))
    throw new ClusterError('Unavailable', 'the state holds something that is not an object');
  return value;
}

export function isStored(value: unknown): value is StoredObject {
  return (
    isWireObject(value) &&
    typeof value.metadata.namespace === 'string' &&
    typeof value.metadata.uid === 'string'
  );
}

function isOfType<T extends KubernetesObject>(type: ResourceType<T>, object: KubernetesObject): object is T {
  return object.apiVersion === type.apiVersion && object.kind === type.kind;
}

/**
 * An object as its type: what was admitted under a type satisfies it.
 * @throws ClusterError BadRequest when it is of another
 */
export function typed<T extends KubernetesObject>(type: ResourceType<T>, object: KubernetesObject): T {
  if (isOfType(type, object)) return object;
  throw new ClusterError(
    'BadRequest',
    `the object provided is ${object.apiVersion} ${object.kind}, but ${type.apiVersion} ${type.kind} was expected`,
  );
}

/** A resource as error messages name it: `pods`, `trainingruns.ringmaster.dev`. */
export function qualifiedName(type: { readonly apiVersion: string; readonly plural: string }): string {
  const slash = type.apiVersion.indexOf('/');
  return slash < 0 ? type.plural : `${type.plural}.${type.apiVersion.slice(0, slash)}`;
}
