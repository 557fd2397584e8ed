import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Pod } from '../api/wire.ts';
import { childController } from '../base/abort.ts';
import { toTimestamp, type Clock } from '../base/clock.ts';
import type { Logger } from '../base/logging.ts';
import { resourceTypes, type Cluster } from '../cluster/cluster.ts';
import { lockStateFolder } from '../cluster/embedded/state-lock.ts';
import { isFinished } from '../plan/gang.ts';
import type { Images } from './container-command.ts';
import { HostsFiles } from './hosts-file.ts';
import { PodAddresses } from './pod-address.ts';
import { podFolders } from './pod-folders.ts';
import { endPodProcesses } from './pod-processes.ts';
import { lostPodStatus } from './pod-status.ts';
import { PodWorker, type PodContext } from './pod-worker.ts';
import { runScheduler } from './scheduler.ts';
import { removePod, writePodStatus } from './status-writer.ts';

/** A node of processes. */
export interface NodeAgentOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** GPU slots to put pods on; absent where the cluster has a scheduler of its own. */
  readonly gpuSlots?: number;
  /** Folder for pods, hosts files and logs; made when it is missing. One agent at a time may use it. */
  readonly folder: string;
  readonly images: Images;
  /** Aborted: all pods are ended within their grace periods, and their status says so. */
  readonly signal: AbortSignal;
}

/** A pod's default grace period, as in the core API. */
const defaultGracePeriodSeconds = 30;

/**
 * The kubelet, the scheduler and the DNS of the small world: runs the pods of its node as plain processes until `signal`
 * is aborted and the last of them has ended.
 *
 * What an agent that was killed left running is ended first, and its pods are reported as lost with their node: their
 * gang starts again from its checkpoint, and is not charged for it.
 * @throws StateLockedError when another agent uses the folder
 */
export async function runNodeAgent(options: NodeAgentOptions): Promise<void> {
  const { clock, gpuSlots, log } = options;
  const folder = resolve(options.folder);
  const unlock = lockStateFolder(join(folder, 'node-agent'));
  const ending = childController(options.signal);
  try {
    const folders = podFolders(folder);
    mkdirSync(folders.pods, { recursive: true });
    const orphans = await endPodProcesses(folders.pods, clock);
    if (orphans > 0)
      log.warn({ processes: orphans }, 'ended processes that an earlier node agent left behind');
    const agent = new NodeAgent({
      ...options,
      folders,
      hosts: new HostsFiles(folders.hosts),
      addresses: new PodAddresses(),
    });
    // When one of the two breaks, the other ends too, and with it all pods.
    await allOrNone(ending, [
      agent.run(ending.signal),
      ...(gpuSlots === undefined ? [] : [runScheduler({ ...options, gpuSlots, signal: ending.signal })]),
    ]);
  } finally {
    unlock();
  }
}

/** Waits for all parts to end. The first that fails ends the others, and its error is thrown once they have ended. */
async function allOrNone(ending: AbortController, parts: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(parts);
  } finally {
    ending.abort();
    await Promise.allSettled(parts);
  }
}

class NodeAgent {
  readonly #context: PodContext;
  /** Pods of this node that exist, with their worker if this agent started them; a worker stays until its pod is gone. */
  readonly #workers = new Map<string, PodWorker>();
  readonly #pods = new Map<string, Pod>();
  readonly #tasks = new Set<Promise<void>>();

  constructor(context: PodContext) {
    this.#context = context;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, nodeName } = this.#context;
    try {
      for await (const event of cluster.watch(resourceTypes.pods, {}, signal)) {
        if (event.type === 'synced') this.#removeFoldersOfGonePods();
        else if (event.object.spec.nodeName !== nodeName) this.#noteNeighbour(event);
        else if (event.type === 'deleted') this.#forget(event.object);
        else this.#follow(event.object);
      }
    } finally {
      await this.#shutDown();
    }
  }

  /** Pods of other nodes are only names here: those that run are in the hosts files. */
  #noteNeighbour({ type, object: pod }: { readonly type: string; readonly object: Pod }): void {
    const { hosts } = this.#context;
    const address = pod.status?.podIP;
    if (type === 'deleted' || address === undefined || isFinished(pod)) hosts.delete(pod);
    else hosts.add(pod, address);
  }

  /** Does what a pod asks for, if that is not what is being done already. */
  #follow(pod: Pod): void {
    const { uid = '', deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    this.#pods.set(uid, pod);
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      if (deletionTimestamp !== undefined)
        worker.stop((deletionGracePeriodSeconds ?? defaultGracePeriodSeconds) * 1000);
    } else if (deletionTimestamp !== undefined) {
      this.#inBackground(pod, () => removePod(this.#context, pod));
    } else if (!isFinished(pod)) {
      if (existsSync(this.#context.folders.podOf(uid))) this.#reportLost(pod);
      else this.#start(pod);
    }
  }

  #start(pod: Pod): void {
    const { uid = '', name } = pod.metadata;
    this.#context.log.debug({ pod: name }, 'starting pod');
    const worker = new PodWorker(this.#context, pod);
    this.#workers.set(uid, worker);
    this.#inBackground(pod, async () => {
      await worker.ended;
      this.#context.log.debug({ pod: name }, 'pod ended');
      // A wish to delete that comes later finds the pod finished, which the API then removes by itself.
      const latest = this.#pods.get(uid);
      if (latest?.metadata.deletionTimestamp !== undefined) await removePod(this.#context, latest);
    });
  }

  /** A folder without a worker was made by an agent that is dead; its processes are too, since this one started. */
  #reportLost(pod: Pod): void {
    const { clock, log } = this.#context;
    log.warn({ pod: pod.metadata.name }, 'pod was lost with an earlier node agent');
    this.#inBackground(pod, () =>
      writePodStatus(this.#context, pod, lostPodStatus(pod, toTimestamp(clock.now()))),
    );
  }

  #forget(pod: Pod): void {
    const { uid = '' } = pod.metadata;
    const { folders } = this.#context;
    const worker = this.#workers.get(uid);
    this.#pods.delete(uid);
    this.#workers.delete(uid);
    worker?.stop(0); // Deleted without waiting for us: there is no time left to wait for.
    this.#inBackground(pod, async () => {
      await worker?.ended.catch(() => undefined); // Said already where the worker was started.
      rmSync(folders.podOf(uid), { recursive: true, force: true });
    });
  }

  /** Pods that went while no agent was here left their folder. */
  #removeFoldersOfGonePods(): void {
    const { folders } = this.#context;
    for (const uid of readdirSync(folders.pods)) {
      if (!this.#pods.has(uid)) rmSync(folders.podOf(uid), { recursive: true, force: true });
    }
  }

  async #shutDown(): Promise<void> {
    for (const [uid, worker] of this.#workers) {
      const seconds = this.#pods.get(uid)?.spec.terminationGracePeriodSeconds ?? defaultGracePeriodSeconds;
      worker.stop(seconds * 1000, {
        reason: 'Terminated',
        message: 'the node agent was stopped while this pod ran',
        isDisruption: true,
      });
    }
    await Promise.all(this.#tasks);
  }

  /** Work that the watch does not wait for. It ends before the agent does, and its failure is logged, not thrown. */
  #inBackground(pod: Pod, work: () => Promise<void>): void {
    const task = work()
      .catch((error: unknown) => {
        this.#context.log.error(
          { err: error, pod: pod.metadata.name },
          'the node agent failed to handle a pod',
        );
      })
      .finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }
}
