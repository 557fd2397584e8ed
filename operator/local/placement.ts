import type { Pod } from '../api/wire.ts';
import { gangKey, gangSize } from './gang.ts';
import { gpuRequest } from './gpu-request.ts';
import { isFinished } from '../plan/gang.ts';

/** What a scheduler does next. */
export interface Placement {
  /** Pods to put on the node. */
  readonly bind: readonly Pod[];
  /** Pods that have to wait, and why. */
  readonly waiting: readonly { readonly pod: Pod; readonly message: string }[];
}

/** Pods of one gang, those without a node apart. */
interface Gang {
  readonly pods: readonly Pod[];
  readonly unbound: readonly Pod[];
  /** Slots that the unbound pods ask for. */
  readonly slots: number;
}

/**
 * Puts whole gangs on the node, first come first served: a gang that has to wait is not overtaken, or a large one would
 * wait for ever behind small ones. A gang that can never fit holds nobody up.
 * @param pods all pods, in the order in which they were made
 * @param gpuSlots slots of the node
 */
export function placePods(pods: readonly Pod[], nodeName: string, gpuSlots: number): Placement {
  const bind: Pod[] = [];
  const waiting: { pod: Pod; message: string }[] = [];
  let free = gpuSlots;
  for (const pod of pods) if (pod.spec.nodeName === nodeName && !isFinished(pod)) free -= gpuRequest(pod);
  let first: Gang | undefined;
  for (const gang of gangsToPlace(pods)) {
    if (gang.slots === 0 || (first === undefined && gang.slots <= free)) {
      bind.push(...gang.unbound);
      free -= gang.slots;
      continue;
    }
    const message = waitingMessage(gang, free, gpuSlots, first);
    waiting.push(...gang.unbound.map((pod) => ({ pod, message })));
    if (gang.slots <= gpuSlots) first ??= gang;
  }
  return { bind, waiting };
}

/** Gangs that are complete and have pods without a node; those that are half placed already come first. */
function gangsToPlace(pods: readonly Pod[]): Gang[] {
  const gangs = [...Map.groupBy(pods, gangKey).values()].map((members) => {
    const unbound = members.filter(({ spec }) => spec.nodeName === undefined);
    return {
      pods: members,
      unbound,
      slots: unbound.reduce((sum, pod) => sum + gpuRequest(pod), 0),
      size: Math.max(...members.map(gangSize)),
      // The gang has lost already; its attempt will be ended, so the rest of it must not start.
      isLost: members.some((pod) => isFinished(pod) || pod.metadata.deletionTimestamp !== undefined),
    };
  });
  const ready = gangs.filter(
    (gang) => gang.unbound.length > 0 && gang.pods.length >= gang.size && !gang.isLost,
  );
  const isStarted = (gang: Gang) => gang.unbound.length < gang.pods.length;
  return [...ready.filter(isStarted), ...ready.filter((gang) => !isStarted(gang))];
}

function waitingMessage(gang: Gang, free: number, total: number, first: Gang | undefined): string {
  const pods = gang.unbound.length === 1 ? '1 pod' : `${gang.unbound.length} pods together`;
  const asked = `${pods} ask${gang.unbound.length === 1 ? 's' : ''} for ${gang.slots} GPU slot${gang.slots === 1 ? '' : 's'}`;
  if (gang.slots > total) return `${asked}, but this node has ${total} in all; ask for fewer or offer more`;
  const left = `${asked}, ${Math.max(0, free)} of ${total} are free`;
  const earlier = first?.unbound[0]?.metadata.name;
  return earlier === undefined || gang.slots > free ? left : `${left}, but ${earlier} came first`;
}
