import { operatorName } from '../api/v1alpha1/group.ts';

/**
 * Whether the run belongs to another controller, such as a multi-cluster queue. Nothing of it is touched then, not even
 * its status. This is asked before the object is validated, so nothing is taken for granted.
 */
export function isForeign({ spec }: { readonly spec?: { readonly managedBy?: unknown } }): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== operatorName;
}
