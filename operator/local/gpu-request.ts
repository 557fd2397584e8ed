import type { Pod } from '../api/wire.ts';
import { parseQuantity } from '../base/quantities.ts';

/** Resources that are not devices (k8s.io/api/core/v1, ResourceName). */
const ordinaryResource = /^(cpu|memory|storage|ephemeral-storage|pods|hugepages-.*)$/;

/** GPU slots that a pod asks for, under whatever name its devices go. A limit without a request is also a request. */
export function gpuRequest(pod: Pod): number {
  let slots = 0;
  for (const { resources } of pod.spec.containers) {
    for (const [name, quantity] of Object.entries({ ...resources?.limits, ...resources?.requests })) {
      if (!ordinaryResource.test(name)) slots += parseQuantity(quantity);
    }
  }
  return slots;
}
