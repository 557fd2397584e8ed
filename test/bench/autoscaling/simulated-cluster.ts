import type { ProgressDocument } from '../../../operator/api/trainer/progress.ts';
import { labels } from '../../../operator/api/v1alpha1/group.ts';
import type { Pod } from '../../../operator/api/wire.ts';
import type { Clock } from '../../../operator/base/clock.ts';
import { isClusterError } from '../../../operator/cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../../../operator/cluster/cluster.ts';
import type { Node, NodePool } from './node-pool.ts';
import { isUnschedulable, mayBeMoved, place, trialOf, WaitingLine } from './scheduling.ts';
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

export interface SimulatedClusterOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly pool: NodePool;
  /** Of the trials' natures. */
  readonly seed: number;
  /** What statuses of pods say that the time is. */
  readonly stamp: () => string;
  /** Somebody else places pods on the machines, and has to be told of them. Default: they are placed here. */
  readonly scheduler?: Scheduler;
  /** Trials in the order in which pods are placed here that wait at the same time. Default: as they were made. */
  readonly order?: readonly number[];
}

/** A scheduler that knows machines by their Node objects. */
export interface Scheduler {
  nodeCame(name: string): Promise<void>;
  nodeWent(name: string): Promise<void>;
}

/** A trainer that trained began, or ended for whatever reason. */
export interface TrialEvent {
  readonly trial: number;
  readonly what: 'begins' | 'ends';
  readonly atMs: number;
}

interface Lost {
  readonly trainer: Trainer;
  readonly noticedAtMs: number;
}

/** What happens on the nodes of a pool: pods of one GPU are placed and train, nodes come and go. */
export class SimulatedCluster {
  readonly #options: SimulatedClusterOptions;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #pool: NodePool;
  readonly #line: WaitingLine;
  /** Machines that the scheduler knows. */
  readonly #announced = new Set<string>();
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
  /** Trainers that were told to go on elsewhere. */
  moves = 0;

  readonly events: TrialEvent[] = [];

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#pool = options.pool;
    this.#line = new WaitingLine(options.order);
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
    await this.#consolidate(nowMs);
    await this.#tellScheduler(nowMs);
  }

  /** Moves trainers that may be moved from machines that are nearly empty to others. */
  async #consolidate(nowMs: number): Promise<void> {
    const trainers = [...this.#trainers.values()];
    if (!trainers.every(({ pod }) => mayBeMoved(pod))) return;
    const on = (name: string) => trainers.filter(({ node }) => node === name);
    const emptied = this.#pool.consolidate(({ name }) => on(name).length, nowMs);
    if (emptied === undefined) return;
    for (const { pod } of on(emptied.name)) {
      const { namespace = '', name, uid = '' } = pod.metadata;
      this.moves += 1;
      await unlessGone(() =>
        this.#cluster.delete(resourceTypes.pods, { namespace, name }, { preconditions: { uid } }),
      );
    }
  }

  async #tellScheduler(nowMs: number): Promise<void> {
    const { scheduler } = this.#options;
    if (scheduler === undefined) return;
    const ready = new Set(this.#pool.ready(nowMs).map(({ name }) => name));
    for (const name of [...this.#announced].filter((known) => !ready.has(known))) {
      this.#announced.delete(name);
      await scheduler.nodeWent(name);
    }
    for (const name of [...ready].filter((known) => !this.#announced.has(known))) {
      this.#announced.add(name);
      await scheduler.nodeCame(name);
    }
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
      if (this.#pods.has(uid)) await this.#fail(trainer.pod);
    }
  }

  async #fail(pod: Pod): Promise<void> {
    await this.#report(pod, lostStatus);
    await this.#remove(pod);
  }

  async #look(trainer: Trainer, pod: Pod, nowMs: number): Promise<void> {
    const isAsked = pod.metadata.deletionTimestamp !== undefined;
    const isComplete = epochAt(trainer, nowMs) >= epochs;
    if (isAsked || isComplete) {
      // Told to end, it saves where it is.
      this.#end(trainer, epochAt(trainer, nowMs), nowMs);
      await this.#report(pod, endedStatus(trainer, nowMs, this.#options.stamp()));
      if (isAsked) await this.#remove(pod);
    } else if (pod.status?.phase !== 'Running' && nowMs >= trainer.startsAtMs - prepareMs) {
      this.#byAddress.set(trainer.address, trainer);
      await this.#report(pod, runningStatus(trainer, this.#options.stamp()));
    }
  }

  #end(trainer: Trainer, savedEpoch: number, nowMs: number): void {
    const { metadata } = trainer.pod;
    const trial = trialOf(trainer.pod);
    if (nowMs > trainer.startsAtMs) this.events.push({ trial, what: 'ends', atMs: nowMs });
    // One that was withdrawn before its first step began nothing.
    else
      this.events.splice(
        this.events.findLastIndex((event) => event.trial === trial && event.what === 'begins'),
        1,
      );
    this.#trainers.delete(metadata.uid ?? '');
    this.#byAddress.delete(trainer.address);
    this.#saved.set(metadata.labels?.[labels.runUid] ?? '', savedEpoch);
    this.trainingMs += Math.min(
      (epochs - trainer.fromEpoch) * trainer.nature.epochMs,
      Math.max(0, nowMs - trainer.startsAtMs),
    );
  }

  /** Begins trainers of pods that have a machine; how many pods found none. */
  #placePods(nowMs: number): Promise<number> {
    return this.#options.scheduler === undefined ? this.#schedulePods(nowMs) : this.#findPlacedPods(nowMs);
  }

  async #findPlacedPods(nowMs: number): Promise<number> {
    const ready = this.#pool.ready(nowMs);
    let waiting = 0;
    for (const [uid, pod] of [...this.#pods]) {
      const { nodeName } = pod.spec;
      if (this.#trainers.has(uid) || this.#hasEnded(pod)) continue;
      const node = ready.find(({ name }) => name === nodeName);
      if (node !== undefined) this.#begin(pod, node, nowMs);
      // It was placed on a machine that was taken away meanwhile.
      else if (nodeName !== undefined) await this.#fail(pod);
      else if (isUnschedulable(pod)) waiting += 1;
    }
    return waiting;
  }

  #hasEnded({ status, metadata }: Pod): boolean {
    return (
      status?.phase === 'Succeeded' ||
      status?.phase === 'Failed' ||
      this.#lost.some(({ trainer }) => trainer.pod.metadata.uid === metadata.uid)
    );
  }

  /** Places pods as a scheduler of ours does; how many found no room. */
  async #schedulePods(nowMs: number): Promise<number> {
    const ready = this.#pool.ready(nowMs).filter(({ isDraining }) => !isDraining);
    const used = (name: string) => [...this.#trainers.values()].filter(({ node }) => node === name).length;
    const rooms = ready.map((node) => ({ node, freeGpus: this.#pool.gpusPerNode - used(node.name) }));
    const unplaced = [...this.#pods.values()].filter(
      ({ spec, metadata }) => spec.nodeName === undefined && metadata.deletionTimestamp === undefined,
    );
    const { placements, waiting } = place(this.#line.inOrder(unplaced), rooms);
    for (const { pod, node } of placements) {
      this.#line.take(pod);
      await this.#start(pod, node, nowMs);
    }
    for (const pod of waiting)
      if (pod.status?.conditions === undefined) await this.#report(pod, unschedulableStatus);
    return waiting.length;
  }

  async #start(pod: Pod, node: Node, nowMs: number): Promise<void> {
    const { namespace = '', name, uid = '' } = pod.metadata;
    const bound = await this.#cluster.patch(
      resourceTypes.pods,
      { namespace, name },
      { spec: { nodeName: node.name } },
      { uid },
    );
    this.#pods.set(uid, bound);
    this.#begin(bound, node, nowMs);
  }

  #begin(pod: Pod, node: Node, nowMs: number): void {
    const { uid = '', labels: given = {} } = pod.metadata;
    const runUid = given[labels.runUid] ?? '';
    if ([...this.#trainers.values()].some((other) => other.pod.metadata.labels?.[labels.runUid] === runUid))
      this.twins += 1;
    const trial = trialOf(pod);
    this.events.push({ trial, what: 'begins', atMs: nowMs });
    const address = this.#newAddress();
    this.#trainers.set(uid, {
      pod,
      node: node.name,
      startsAtMs: nowMs + (node.hasImage ? 0 : pullImageMs) + startContainerMs + prepareMs,
      fromEpoch: this.#saved.get(runUid) ?? 0,
      nature: trialNature(this.#options.seed, trial),
      address,
    });
    node.hasImage = true;
  }

  #newAddress(): string {
    this.#addresses += 1;
    // Nobody listens there, so that whoever asks is refused at once.
    return `127.${64 + (this.#addresses >> 16)}.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
  }

  async #report({ metadata }: Pod, status: object): Promise<void> {
    const { namespace = '', name, uid = '' } = metadata;
    await unlessGone(async () => {
      const key = { namespace, name };
      this.#pods.set(uid, await this.#cluster.patchStatus(resourceTypes.pods, key, { status }, { uid }));
    });
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const { namespace = '', name, uid = '' } = metadata;
    this.#pods.delete(uid);
    await unlessGone(() =>
      this.#cluster.delete(
        resourceTypes.pods,
        { namespace, name },
        { preconditions: { uid }, gracePeriodSeconds: 0 },
      ),
    );
  }
}

/** The operator may have deleted a pod that never ran a moment ago. */
async function unlessGone(call: () => Promise<void>): Promise<void> {
  await call().catch((error: unknown) => {
    if (!isClusterError(error, 'NotFound')) throw error;
  });
}
