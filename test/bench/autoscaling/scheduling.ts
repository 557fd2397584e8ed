import { labels } from '../../../operator/api/v1alpha1/group.ts';
import type { Pod } from '../../../operator/api/wire.ts';
import type { Node } from './node-pool.ts';

/** A machine as a scheduler sees it. */
export interface Room {
  readonly node: Node;
  readonly freeGpus: number;
}

export interface Placement {
  readonly pod: Pod;
  readonly node: Node;
}

/**
 * Puts pods of one GPU, the first one first, on the fullest machine that has room, as is usual where machines are added
 * and removed.
 * @returns Where they go, and those that found no room.
 */
export function place(
  pods: readonly Pod[],
  rooms: readonly Room[],
): { readonly placements: readonly Placement[]; readonly waiting: readonly Pod[] } {
  const free = new Map(rooms.map(({ node, freeGpus }) => [node, freeGpus]));
  const placements: Placement[] = [];
  const waiting: Pod[] = [];
  for (const pod of pods) {
    const [fullest] = [...free].filter(([, gpus]) => gpus > 0).sort(([, left], [, right]) => left - right);
    if (fullest === undefined) {
      waiting.push(pod);
      continue;
    }
    const [node, gpus] = fullest;
    free.set(node, gpus - 1);
    placements.push({ pod, node });
  }
  return { placements, waiting };
}

/**
 * The order in which a scheduler takes pods that wait: as they were made, or as another scheduler took them before. A real
 * one is free in that: a pod that found no room comes back after a back-off of its own.
 */
export class WaitingLine {
  readonly #left: number[];

  /** @param trials of the pods that the other scheduler placed, in its order */
  constructor(trials: readonly number[] = []) {
    this.#left = [...trials];
  }

  inOrder(pods: readonly Pod[]): Pod[] {
    const turnOf = (pod: Pod) => {
      const turn = this.#left.indexOf(trialOf(pod));
      return turn < 0 ? this.#left.length : turn;
    };
    return pods.toSorted((left, right) => turnOf(left) - turnOf(right));
  }

  /** Notes that a pod was placed. */
  take(pod: Pod): void {
    const index = this.#left.indexOf(trialOf(pod));
    if (index >= 0) this.#left.splice(index, 1);
  }
}

/** The index of the trial whose pod it is. */
export function trialOf({ metadata }: Pod): number {
  return Number(/-(\d+)$/.exec(metadata.labels?.[labels.run] ?? '')?.[1]);
}

/** As the Cluster Autoscaler reads it. */
export function mayBeMoved({ metadata }: Pod): boolean {
  return metadata.annotations?.['cluster-autoscaler.kubernetes.io/safe-to-evict'] === 'true';
}

/** Whether a scheduler found no room for it. */
export function isUnschedulable({ status }: Pod): boolean {
  return status?.conditions?.some(({ reason }) => reason === 'Unschedulable') ?? false;
}
