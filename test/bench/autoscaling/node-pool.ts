import { uniform } from '../../../operator/search/draws.ts';

/** How machines come and go. */
export interface NodePoolSettings {
  /** Decides how long machines take to start and when they are taken away. */
  readonly seed: number;
  readonly gpusPerNode: number;
  readonly maxNodes: number;
  /** Mean time until the spot market takes a machine away. */
  readonly meanLifeHours: number;
}

/** A machine that is paid for, from its request to its end. */
export interface Node {
  readonly name: string;
  readonly requestedAtMs: number;
  readonly readyAtMs: number;
  /** When the owner of the spot market takes it away. */
  readonly killedAtMs: number;
  /** Since when no pod is on it. */
  idleSinceMs: number;
  /** Since when it has been less than half full, with room elsewhere for its pods; absent while it is not so. */
  emptyableSinceMs?: number;
  /** Whether its pods were told to go elsewhere and no pod may come. */
  isDraining: boolean;
  /** Whether it has the trainer's image. */
  hasImage: boolean;
}

/** From request to ready, at least and at most: what cloud providers name for GPU machines. */
const startMs = { min: 90_000, max: 210_000 };
/** The Cluster Autoscaler's default of --scale-down-unneeded-time. */
const unneededMs = 10 * 60_000;
/** The Cluster Autoscaler's default of --scale-down-gpu-utilization-threshold. */
const consolidateBelowShare = 0.5;

/**
 * Machines that are added for pods that find no room and taken away when nothing runs on them, as the Cluster Autoscaler
 * does it, with a spot market that takes some away earlier.
 */
export class NodePool {
  readonly #settings: NodePoolSettings;
  readonly #nodes = new Map<string, Node>();
  #requested = 0;
  #paidMs = 0;
  kills = 0;

  constructor(settings: NodePoolSettings) {
    this.#settings = settings;
  }

  get gpusPerNode(): number {
    return this.#settings.gpusPerNode;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Requested in all, also those that are gone. */
  get requested(): number {
    return this.#requested;
  }

  ready(nowMs: number): Node[] {
    return [...this.#nodes.values()].filter(({ readyAtMs }) => readyAtMs <= nowMs);
  }

  /** Paid for so far by machines that are gone. */
  get paidGpuMs(): number {
    return this.#paidMs * this.gpusPerNode;
  }

  /** Requests machines for as many GPUs as pods wait for and no machine that is starting will have. */
  grow(waitingGpus: number, nowMs: number): void {
    const { seed, gpusPerNode, maxNodes, meanLifeHours } = this.#settings;
    const starting = [...this.#nodes.values()].filter(({ readyAtMs }) => readyAtMs > nowMs).length;
    let wanted = Math.ceil(waitingGpus / gpusPerNode) - starting;
    for (; wanted > 0 && this.#nodes.size < maxNodes; wanted -= 1) {
      const ordinal = this.#requested;
      this.#requested += 1;
      const readyAtMs = nowMs + startMs.min + (startMs.max - startMs.min) * uniform(seed, 'start', ordinal);
      this.#nodes.set(`node-${ordinal}`, {
        name: `node-${ordinal}`,
        requestedAtMs: nowMs,
        readyAtMs,
        killedAtMs: readyAtMs - meanLifeHours * 3_600_000 * Math.log(1 - uniform(seed, 'life', ordinal)),
        idleSinceMs: readyAtMs,
        isDraining: false,
        hasImage: false,
      });
    }
  }

  /** Takes away machines that nobody needs. */
  shrink(isUsed: (node: Node) => boolean, nowMs: number): void {
    for (const node of this.ready(nowMs)) {
      if (isUsed(node)) node.idleSinceMs = nowMs;
      else if (node.isDraining || nowMs - node.idleSinceMs >= unneededMs) this.#remove(node, nowMs);
    }
  }

  /**
   * The machine, if there is one, whose pods should move to others, as the Cluster Autoscaler moves pods that may be
   * moved: one at a time, when it has been less than half full for as long as an empty one is kept.
   * @param usedGpus of a machine by pods, all of which may be moved
   */
  consolidate(usedGpus: (node: Node) => number, nowMs: number): Node | undefined {
    const nodes = this.ready(nowMs).filter(({ isDraining }) => !isDraining);
    const freeGpus = nodes.reduce((sum, node) => sum + this.gpusPerNode - usedGpus(node), 0);
    for (const node of nodes) {
      const used = usedGpus(node);
      const isEmptyable =
        used > 0 &&
        used < consolidateBelowShare * this.gpusPerNode &&
        freeGpus - (this.gpusPerNode - used) >= used;
      if (isEmptyable) node.emptyableSinceMs ??= nowMs;
      else delete node.emptyableSinceMs;
    }
    if (nodes.length < this.ready(nowMs).length) return undefined;
    const emptied = nodes.find(({ emptyableSinceMs = Infinity }) => nowMs - emptyableSinceMs >= unneededMs);
    if (emptied !== undefined) emptied.isDraining = true;
    return emptied;
  }

  /** Machines that the spot market takes away now. */
  takeKilled(nowMs: number): Node[] {
    const killed = [...this.#nodes.values()].filter(({ killedAtMs }) => killedAtMs <= nowMs);
    for (const node of killed) this.#remove(node, node.killedAtMs);
    this.kills += killed.length;
    return killed;
  }

  #remove(node: Node, nowMs: number): void {
    this.#nodes.delete(node.name);
    this.#paidMs += nowMs - node.requestedAtMs;
  }
}
