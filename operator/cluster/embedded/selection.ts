import type { KubernetesObject } from '../../api/wire.ts';
import type { Selection } from '../cluster.ts';

/** Whether an object is in the selection. */
export function isSelected(object: KubernetesObject, selection: Selection): boolean {
  const { namespace, labels = {} } = object.metadata;
  if (selection.namespace !== undefined && selection.namespace !== namespace) return false;
  return Object.entries(selection.labels ?? {}).every(([label, value]) => labels[label] === value);
}
