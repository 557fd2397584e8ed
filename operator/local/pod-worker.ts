import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Container, Pod } from '../api/wire.ts';
import { toTimestamp, type Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/logging.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { containerCommand, type Images } from './container-command.ts';
import { startContainerProcess, type ContainerExit, type ContainerProcess } from './container-process.ts';
import { ContainerStartError } from './container-start-error.ts';
import { writeCredentials } from './credentials-volume.ts';
import type { HostsFiles } from './hosts-file.ts';
import type { PodAddresses } from './pod-address.ts';
import { containerEnvironment } from './pod-environment.ts';
import type { PodFolders } from './pod-folders.ts';
import { endPodProcesses } from './pod-processes.ts';
import { podStatus, terminatedState, type ContainerNow, type NodeReason } from './pod-status.ts';
import { writePodStatus } from './status-writer.ts';
import { readTerminationMessage } from './termination-message.ts';

/** What all pods of a node share. */
export interface PodContext {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  readonly images: Images;
  readonly folders: PodFolders;
  readonly hosts: HostsFiles;
  readonly addresses: PodAddresses;
  /** Aborted when the node agent is told to end. */
  readonly signal: AbortSignal;
}

/** A container that was started, and the end of it. */
interface StartedContainer {
  readonly container: Container;
  readonly startedAt: string;
  readonly process: ContainerProcess;
  exit?: ContainerExit & { readonly finishedAt: string };
}

/** One pod on this node: runs its containers to their end and reports what becomes of them. */
export class PodWorker {
  /** Settles when nothing of the pod runs any more and its status says so. */
  readonly ended: Promise<void>;
  readonly #context: PodContext;
  readonly #pod: Pod;
  readonly #uid: string;
  readonly #startTime: string;
  readonly #started: StartedContainer[] = [];
  readonly #finished = new AbortController();
  #address: string | undefined;
  #nodeReason: NodeReason | undefined;
  #isStopping = false;

  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#uid = pod.metadata.uid ?? '';
    this.#startTime = toTimestamp(context.clock.now());
    this.ended = this.#run().finally(() => {
      this.#finished.abort();
    });
  }

  /**
   * Ends the pod: SIGTERM now, SIGKILL after the grace period. Called again, it can only make the end come sooner.
   * @param nodeReason given when the node ends the pod for its own sake
   */
  stop(graceMs: number, nodeReason?: NodeReason): void {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#nodeReason ??= nodeReason;
      for (const { process } of this.#started) process.terminate();
    }
    const { signal } = this.#finished;
    void this.#context.clock.sleep(graceMs, signal).then(() => {
      for (const { process } of this.#started) process.kill();
    });
  }

  async #run(): Promise<void> {
    const { addresses, clock, folders, hosts, log } = this.#context;
    const podFolder = folders.podOf(this.#uid);
    try {
      const failure = await this.#startAll();
      if (this.#isStopping && this.#started.length === 0) {
        // It never ran, so an agent that comes after this one may start it.
        rmSync(podFolder, { recursive: true, force: true });
        return;
      }
      if (this.#started.length > 0) await this.#reportStart(failure);
      await Promise.all(this.#started.map(({ process }) => process.exited));
      const strays = await endPodProcesses(podFolder, clock);
      if (strays > 0)
        log.warn({ pod: this.#pod.metadata.name, strays }, 'ended processes that had left their group');
      await this.#report(failure);
    } finally {
      hosts.delete(this.#pod);
      if (this.#address !== undefined) addresses.release(this.#address);
      rmSync(folders.scratchOf(this.#uid), { recursive: true, force: true });
      rmSync(folders.credentialsOf(this.#uid), { recursive: true, force: true });
    }
  }

  /** Starts the containers one after the other; when one cannot be started, the others are ended. */
  async #startAll(): Promise<ContainerStartError | undefined> {
    try {
      const address = await this.#prepare();
      for (const container of this.#pod.spec.containers) {
        if (this.#isStopping) break;
        await this.#start(container, address);
      }
      return undefined;
    } catch (error) {
      for (const { process } of this.#started) process.kill();
      const failure =
        error instanceof ContainerStartError
          ? error
          : new ContainerStartError('StartError', describeError(error), error);
      this.#nodeReason ??= { reason: failure.reason, message: failure.message };
      return failure;
    }
  }

  /** Makes what the processes of the pod find when they start: folders, an address, names. */
  async #prepare(): Promise<string> {
    const { addresses, folders, hosts } = this.#context;
    mkdirSync(folders.scratchOf(this.#uid), { recursive: true });
    for (const { name } of this.#pod.spec.containers)
      writeFileSync(folders.terminationLogOf(this.#uid, name), '');
    const address = await addresses.take();
    this.#address = address;
    hosts.add(this.#pod, address);
    return address;
  }

  async #start(container: Container, podAddress: string): Promise<void> {
    const { clock, folders, hosts, images, nodeName } = this.#context;
    const credentialsFolder = folders.credentialsOf(this.#uid);
    const hasCredentials = await writeCredentials(this.#context, this.#pod, container, credentialsFolder);
    const environment = containerEnvironment(this.#pod, container, {
      nodeName,
      podAddress,
      scratchFolder: folders.scratchOf(this.#uid),
      terminationLog: folders.terminationLogOf(this.#uid, container.name),
      hostsFile: hosts.fileOf(this.#pod.metadata.namespace ?? ''),
      ...(hasCredentials ? { credentialsFolder } : {}),
    });
    const process = await startContainerProcess({
      ...containerCommand(container, images, environment),
      environment,
      workingFolder: folders.scratchOf(this.#uid),
      logFile: folders.logOf(this.#pod),
    });
    const started: StartedContainer = { container, process, startedAt: toTimestamp(clock.now()) };
    this.#started.push(started);
    void process.exited.then((exit) => {
      started.exit = { ...exit, finishedAt: toTimestamp(clock.now()) };
    });
    // Told to stop while the process was being made.
    if (this.#isStopping) process.terminate();
  }

  /** A pod whose start could not be reported runs all the same; its end will be. */
  async #reportStart(failure: ContainerStartError | undefined): Promise<void> {
    try {
      await this.#report(failure);
    } catch (error) {
      this.#context.log.warn(
        { err: error, pod: this.#pod.metadata.name },
        'the start of a pod could not be reported',
      );
    }
  }

  async #report(failure: ContainerStartError | undefined): Promise<void> {
    const containers = this.#pod.spec.containers.map((container) => this.#stateOf(container, failure));
    const status = podStatus(containers, {
      startTime: this.#startTime,
      ...(this.#address === undefined ? {} : { address: this.#address }),
      ...(this.#nodeReason === undefined ? {} : { nodeReason: this.#nodeReason }),
    });
    await writePodStatus(this.#context, this.#pod, status);
  }

  #stateOf(container: Container, failure: ContainerStartError | undefined): ContainerNow {
    const started = this.#started.find((candidate) => candidate.container === container);
    if (started === undefined) {
      const waiting = { reason: failure?.reason ?? 'ContainerCreating', message: failure?.message ?? '' };
      return { container, state: { waiting } };
    }
    const { exit, startedAt } = started;
    if (exit === undefined) return { container, state: { running: { startedAt } } };
    const { folders } = this.#context;
    const mayUseLog = container.terminationMessagePolicy === 'FallbackToLogsOnError' && exit.exitCode !== 0;
    const message = readTerminationMessage(
      folders.terminationLogOf(this.#uid, container.name),
      mayUseLog ? { logFile: folders.logOf(this.#pod) } : undefined,
    );
    return { container, state: terminatedState(exit, { startedAt, finishedAt: exit.finishedAt, message }) };
  }
}
