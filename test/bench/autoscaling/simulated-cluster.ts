import type { ProgressDocument } from '../../../operator/api/trainer/progress.ts';
import { labels } from '../../../operator/api/v1alpha1/group.ts';
import type { Pod } from '../../../operator/api/wire.ts';
import type { Clock } from '../../../operator/base/clock.ts';
import { resourceTypes, type Cluster } from '../../../operator/cluster/cluster.ts';
import type { Node, NodePool } from './node-pool.ts';
import {
  endedStatus,
  epochAt,
  lostStatus,
  progressOf,
  runningStatus,
  savedAt,
  unschedulableStatus,
  type Trainer,
} from './trainers.ts';
import { epochs, trialNature } from './trials.ts';

/** Scheduler, kubelets and autoscaler look so often. */
const tickMs = 5_000;
const pullImageMs = 60_000;
const startContainerMs = 5_000;
/** Loading TensorFlow, the data and a checkpoint. */
const prepareMs = 20_000;
/** From the end of a node to the end of its pods in the API: lease, node controller and pod garbage collector. */
const noticeMs = 60_000;

interface Lost {
  readonly trainer: Trainer;
  readonly noticedAtMs: number;
}

/** What happens on the nodes of a pool: pods of one GPU are placed and train, nodes come and go. */
export class SimulatedCluster {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #pool: NodePool;
  readonly #seed: number;
  /** Pods by UID, in the order in which they were made. */
  readonly #pods = new Map<string, Pod>();
  readonly #trainers = new Map<string, Trainer>();
  readonly #byAddress = new Map<string, Trainer>();
  #lost: Lost[] = [];
  /** Epochs of the last checkpoint, by UID of the run. */
  readonly #saved = new Map<string, number>();
  #addresses = 0;
  /** GPU time of training. */
  trainingMs = 0;
  /** That part of it whose epochs were trained again, as the node was lost before they were saved. */
  lostMs = 0;
  /** Trainers that began while another of the same trial lived: there must be none. */
  twins = 0;

  constructor(cluster: Cluster, clock: Clock, pool: NodePool, seed: number) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#pool = pool;
    this.#seed = seed;
  }

  /** What the trainer at an address answers at `GET /progress`. */
  readonly fetchProgress = (address: string): Promise<ProgressDocument> => {
    const trainer = this.#byAddress.get(address);
    return trainer === undefined
      ? Promise.reject(new Error(`nobody answers at ${address}`))
      : Promise.resolve(progressOf(trainer, this.#clock.now()));
  };

  /** Lets things happen until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#watchPods(signal);
    while (!signal.aborted) {
      await this.#tick();
      await this.#clock.sleep(tickMs, signal);
    }
    await watching;
  }

  async #watchPods(signal: AbortSignal): Promise<void> {
    for await (const event of this.#cluster.watch(resourceTypes.pods, {}, signal)) {
      if (event.type === 'synced') continue;
      const { uid = '' } = event.object.metadata;
      if (event.type === 'deleted') this.#pods.delete(uid);
      else this.#pods.set(uid, event.object);
    }
  }

  async #tick(): Promise<void> {
    const nowMs = this.#clock.now();
    for (const node of this.#pool.takeKilled(nowMs)) this.#loseTrainersOf(node);
    await this.#reportLost(nowMs);
    for (const [uid, pod] of [...this.#pods]) {
      const trainer = this.#trainers.get(uid);
      if (trainer !== undefined) await this.#look(trainer, pod, nowMs);
    }
    const waiting = await this.#placePods(nowMs);
    this.#pool.grow(waiting, nowMs);
    const used = new Set([...this.#trainers.values()].map(({ node }) => node));
    this.#pool.shrink(({ name }) => used.has(name), nowMs);
  }

  #loseTrainersOf(node: Node): void {
    for (const trainer of this.#trainers.values()) {
      if (trainer.node !== node.name) continue;
      const saved = savedAt(trainer, node.killedAtMs);
      this.lostMs += (epochAt(trainer, node.killedAtMs) - saved) * trainer.nature.epochMs;
      this.#end(trainer, saved, node.killedAtMs);
      this.#lost.push({ trainer, noticedAtMs: node.killedAtMs + noticeMs });
    }
  }

  async #reportLost(nowMs: number): Promise<void> {
    const noticed = this.#lost.filter(({ noticedAtMs }) => noticedAtMs <= nowMs);
    this.#lost = this.#lost.filter(({ noticedAtMs }) => noticedAtMs > nowMs);
    for (const { trainer } of noticed) {
      const { uid = '' } = trainer.pod.metadata;
      if (!this.#pods.has(uid)) continue;
      await this.#report(trainer.pod, lostStatus);
      await this.#remove(trainer.pod);
    }
  }

  async #look(trainer: Trainer, pod: Pod, nowMs: number): Promise<void> {
    const isAsked = pod.metadata.deletionTimestamp !== undefined;
    const isComplete = epochAt(trainer, nowMs) >= epochs;
    if (isAsked || isComplete) {
      // Told to end, it saves where it is.
      this.#end(trainer, epochAt(trainer, nowMs), nowMs);
      await this.#report(pod, endedStatus(trainer, nowMs));
      if (isAsked) await this.#remove(pod);
    } else if (pod.status?.phase !== 'Running' && nowMs >= trainer.startsAtMs - prepareMs) {
      this.#byAddress.set(trainer.address, trainer);
      await this.#report(pod, runningStatus(trainer, nowMs));
    }
  }

  #end(trainer: Trainer, savedEpoch: number, nowMs: number): void {
    const { metadata } = trainer.pod;
    this.#trainers.delete(metadata.uid ?? '');
    this.#byAddress.delete(trainer.address);
    this.#saved.set(metadata.labels?.[labels.runUid] ?? '', savedEpoch);
    this.trainingMs += Math.min(
      (epochs - trainer.fromEpoch) * trainer.nature.epochMs,
      Math.max(0, nowMs - trainer.startsAtMs),
    );
  }

  /** Puts pods on the fullest node that has room, as is usual where nodes are added and removed; how many found none. */
  async #placePods(nowMs: number): Promise<number> {
    const ready = this.#pool.ready(nowMs);
    const free = new Map(ready.map(({ name }) => [name, this.#pool.gpusPerNode]));
    for (const { node } of this.#trainers.values()) free.set(node, (free.get(node) ?? 0) - 1);
    let waiting = 0;
    for (const pod of [...this.#pods.values()]) {
      if (pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const [node] = ready
        .filter(({ name }) => (free.get(name) ?? 0) > 0)
        .sort((left, right) => (free.get(left.name) ?? 0) - (free.get(right.name) ?? 0));
      if (node === undefined) {
        waiting += 1;
        if (pod.status?.conditions === undefined) await this.#report(pod, unschedulableStatus);
        continue;
      }
      free.set(node.name, (free.get(node.name) ?? 0) - 1);
      await this.#start(pod, node, nowMs);
    }
    return waiting;
  }

  async #start(pod: Pod, node: Node, nowMs: number): Promise<void> {
    const { namespace = '', name, uid = '', labels: given = {} } = pod.metadata;
    const bound = await this.#cluster.patch(
      resourceTypes.pods,
      { namespace, name },
      { spec: { nodeName: node.name } },
      { uid },
    );
    this.#pods.set(uid, bound);
    const runUid = given[labels.runUid] ?? '';
    if ([...this.#trainers.values()].some((other) => other.pod.metadata.labels?.[labels.runUid] === runUid))
      this.twins += 1;
    const index = Number(/-(\d+)$/.exec(given[labels.run] ?? '')?.[1]);
    const address = this.#newAddress();
    this.#trainers.set(uid, {
      pod: bound,
      node: node.name,
      startsAtMs: nowMs + (node.hasImage ? 0 : pullImageMs) + startContainerMs + prepareMs,
      fromEpoch: this.#saved.get(runUid) ?? 0,
      nature: trialNature(this.#seed, index),
      address,
    });
    node.hasImage = true;
  }

  #newAddress(): string {
    this.#addresses += 1;
    return `10.${this.#addresses >> 16}.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
  }

  async #report({ metadata }: Pod, status: object): Promise<void> {
    const { namespace = '', name, uid = '' } = metadata;
    const written = await this.#cluster.patchStatus(
      resourceTypes.pods,
      { namespace, name },
      { status },
      { uid },
    );
    this.#pods.set(uid, written);
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const { namespace = '', name, uid = '' } = metadata;
    this.#pods.delete(uid);
    await this.#cluster.delete(
      resourceTypes.pods,
      { namespace, name },
      { preconditions: { uid }, gracePeriodSeconds: 0 },
    );
  }
}
