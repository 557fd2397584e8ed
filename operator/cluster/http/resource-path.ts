import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType, Selection } from '../cluster.ts';

/** The parts of a path below a resource's collection. */
interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string;
  readonly subresource?: 'status' | 'log';
}

/** The path of a collection, or of one object in it: `/apis/ringmaster.dev/v1alpha1/namespaces/a/trainingruns/b`. */
export function resourcePath<T extends KubernetesObject>(
  type: ResourceType<T>,
  { namespace, name, subresource }: PathParts,
): string {
  const root = type.apiVersion.includes('/') ? '/apis' : '/api';
  const parts = [
    `${root}/${type.apiVersion}`,
    ...(namespace === undefined || type.scope === 'Cluster'
      ? []
      : ['namespaces', encodeURIComponent(namespace)]),
    type.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return parts.join('/');
}

/** The label selector of a selection, or nothing when all labels are selected. */
export function labelSelector({ labels = {} }: Selection): { labelSelector?: string } {
  const terms = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return terms.length === 0 ? {} : { labelSelector: terms.join(',') };
}
