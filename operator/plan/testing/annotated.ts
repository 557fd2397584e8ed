import type { KubernetesObject } from '../../api/wire.ts';
import type { Annotations } from '../action.ts';

/** The object with annotations set, and those removed that are `null`, as a merge patch does. */
export function annotated<T extends KubernetesObject>(object: T, annotations: Annotations): T {
  const merged = Object.entries({ ...object.metadata.annotations, ...annotations });
  const kept = merged.filter((entry): entry is [string, string] => entry[1] !== null);
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(kept) } };
}
