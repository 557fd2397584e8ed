import { isObject, isObjectMeta } from '../../api/v1alpha1/wire-guards.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import { ClusterError } from '../cluster-error.ts';
import type { ResourceType } from '../cluster.ts';

/**
 * An object as the server sent it: what it admitted under a type satisfies it. Items of a list come without type words,
 * which are added. The record of field managers is dropped: it is half of an object's bytes and nobody here reads it.
 */
export function toObject<T extends KubernetesObject>(type: ResourceType<T>, value: unknown): T {
  if (isObject(value) && isObjectMeta(value.metadata)) {
    const object = { ...value, apiVersion: type.apiVersion, kind: type.kind, metadata: value.metadata };
    delete object.metadata.managedFields;
    if (isOfType(type, object)) return object;
  }
  throw new ClusterError('Unavailable', `the Kubernetes API sent something that is not a ${type.kind}`);
}

function isOfType<T extends KubernetesObject>(type: ResourceType<T>, object: KubernetesObject): object is T {
  return object.apiVersion === type.apiVersion && object.kind === type.kind;
}

/** One page of a list. */
export interface ListPage<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

export function toListPage<T extends KubernetesObject>(type: ResourceType<T>, value: unknown): ListPage<T> {
  if (!isObject(value) || !isObject(value.metadata)) {
    throw new ClusterError(
      'Unavailable',
      `the Kubernetes API sent something that is not a list of ${type.plural}`,
    );
  }
  const { resourceVersion, continue: next } = value.metadata;
  return {
    // An empty list of a Go server may be null.
    items: (Array.isArray(value.items) ? value.items : []).map((item: unknown) => toObject(type, item)),
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    ...(typeof next === 'string' && next !== '' ? { next } : {}),
  };
}

/** One line of a watch. */
export interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Record<string, unknown>;
}

export function toWatchLine(value: unknown): WatchLine {
  if (isObject(value) && isObject(value.object)) {
    const { type, object } = value;
    if (
      type === 'ADDED' ||
      type === 'MODIFIED' ||
      type === 'DELETED' ||
      type === 'BOOKMARK' ||
      type === 'ERROR'
    )
      return { type, object };
  }
  throw new ClusterError('Unavailable', 'the Kubernetes API sent a line that is not a watch event');
}
