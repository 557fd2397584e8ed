import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { apiVersion, labels, trainerContainer, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type { Condition, Phase, TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import { exitCodeOf } from '../../operator/api/trainer/exit-codes.ts';
import type { TerminationMessage } from '../../operator/api/trainer/termination-message.ts';
import type { Event, Pod } from '../../operator/api/wire.ts';
import { toTimestamp } from '../../operator/base/clock.ts';
import { isClusterError } from '../../operator/cluster/cluster-error.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { HttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { isFinished } from '../../operator/plan/gang.ts';
import { trainingRunCrdFile } from '../control-plane/install-crd.ts';
import { createNamespace, openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { createAuditLog, type AuditLog } from '../operator/audit-log.ts';
import { installRights } from '../operator/install.ts';
import { watchInvariants, type InvariantWatch } from '../operator/invariants.ts';
import { startManager, type LogLine, type ManagerProcess } from '../operator/manager.ts';
import { createNode } from '../operator/nodes.ts';

const { pods, trainingRuns, services, networkPolicies, events } = resourceTypes;

/** How a pod's container ends. */
export interface End {
  readonly exitCode?: number;
  readonly lastWords?: Partial<TerminationMessage>;
  readonly text?: string;
}

export interface GangWorldOptions {
  /** Names of nodes with 8 GPUs each. Default two. */
  readonly nodeNames?: readonly string[];
  readonly controlPlane?: ControlPlaneOptions;
  readonly managerFlags?: readonly string[];
}

/**
 * A real control plane with an operator on it, as a process with the rights that the chart ships. The test plays the
 * kubelets. Each test has a namespace of its own; after each the log and the invariants are looked at.
 */
export class GangWorld {
  readonly controlPlane: ControlPlane;
  readonly cluster: HttpCluster;
  readonly audit: AuditLog;
  readonly operatorKubeconfig: string;
  readonly invariants: InvariantWatch;
  readonly folder: string;
  manager: ManagerProcess;
  namespace = 'default';
  /** Warnings of the operator that the present test brings about on purpose. */
  readonly expectedWarnings: RegExp[] = [];
  #namespaces = 0;
  #seenLines = 0;

  constructor(
    parts: Pick<
      GangWorld,
      'controlPlane' | 'cluster' | 'audit' | 'operatorKubeconfig' | 'invariants' | 'folder' | 'manager'
    >,
  ) {
    this.controlPlane = parts.controlPlane;
    this.cluster = parts.cluster;
    this.audit = parts.audit;
    this.operatorKubeconfig = parts.operatorKubeconfig;
    this.invariants = parts.invariants;
    this.folder = parts.folder;
    this.manager = parts.manager;
  }

  async beginTest(): Promise<void> {
    this.#namespaces += 1;
    this.expectedWarnings.length = 0;
    this.namespace = await createNamespace(this.controlPlane, `test-${this.#namespaces}`);
  }

  /** What a test leaves behind would be work for the next. */
  async endTest(): Promise<void> {
    const all = await this.cluster.list(trainingRuns, { namespace: this.namespace });
    for (const { metadata } of all)
      await this.cluster.delete(trainingRuns, { namespace: this.namespace, name: metadata.name });
    for (const { metadata } of await this.cluster.list(pods, { namespace: this.namespace }))
      await this.cluster.delete(
        pods,
        { namespace: this.namespace, name: metadata.name },
        { gracePeriodSeconds: 0 },
      );
    expect(this.invariants.broken).toEqual([]);
    expect(await this.#unexpectedLines()).toEqual([]);
  }

  /** From here on this process is the operator, whose log is looked at. */
  async useManager(manager: ManagerProcess): Promise<void> {
    this.manager = manager;
    this.#seenLines = (await manager.log()).length;
  }

  async #unexpectedLines(): Promise<LogLine[]> {
    const lines = await this.manager.log();
    const fresh = lines.slice(this.#seenLines);
    this.#seenLines = lines.length;
    return fresh.filter(
      (line) =>
        ['warn', 'error', 'fatal'].includes(line.level) &&
        !this.expectedWarnings.some((expected) => expected.test(JSON.stringify(line))),
    );
  }

  /** A run of two pods with one GPU each and no backoff to speak of, changed by `spec`. */
  manifest(name: string, spec: Readonly<Record<string, unknown>> = {}): object {
    const { trainers = {}, failurePolicy = {}, ...rest } = spec;
    return {
      apiVersion,
      kind: trainingRunKind,
      metadata: { name, namespace: this.namespace },
      spec: {
        data: { format: 'fashion-mnist', train: '/data' },
        checkpoints: { uri: '/checkpoints' },
        trainers: { pods: 2, gpusPerPod: 1, ...(trainers as object) },
        failurePolicy: { backoff: { initial: '100ms', max: '1s' }, ...(failurePolicy as object) },
        ...rest,
      },
    };
  }

  async submit(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<TrainingRun> {
    return this.create(this.manifest(name, spec));
  }

  async create(manifest: object): Promise<TrainingRun> {
    return this.cluster.create(trainingRuns, manifest as TrainingRun);
  }

  async patchSpec(name: string, spec: Readonly<Record<string, unknown>>): Promise<TrainingRun> {
    return this.cluster.patch(trainingRuns, { namespace: this.namespace, name }, { spec });
  }

  async run(name: string): Promise<TrainingRun> {
    const run = await this.cluster.get(trainingRuns, { namespace: this.namespace, name });
    if (run === undefined) throw new Error(`there is no run ${name}`);
    return run;
  }

  /** Waits until the run is in a phase, and of an attempt if one is named. */
  async reaches(name: string, phase: Phase, attempt?: number): Promise<TrainingRunStatus> {
    let seen: TrainingRunStatus | undefined;
    return until(
      `run ${name} is ${phase}`,
      async () => {
        seen = (await this.run(name)).status;
        return seen?.phase === phase && (attempt === undefined || seen.attempt === attempt)
          ? seen
          : undefined;
      },
      { everyMs: 20, timeoutMs: 20_000 },
    ).catch((error: unknown) => {
      throw new Error(`run ${name} is ${JSON.stringify(seen)}`, { cause: error });
    });
  }

  async pods(run: string): Promise<Pod[]> {
    const found = await this.cluster.list(pods, { namespace: this.namespace, labels: { [labels.run]: run } });
    return found.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async podNames(run: string): Promise<string[]> {
    return (await this.pods(run)).map(({ metadata }) => metadata.name);
  }

  /** Waits until the run has exactly these pods; their names without the run's. */
  async hasPods(run: string, ...suffixes: string[]): Promise<Pod[]> {
    const wanted = suffixes.map((suffix) => `${run}-${suffix}`).join(' ');
    let seen: Pod[] = [];
    return until(
      `run ${run} has pods ${wanted}`,
      async () => {
        seen = await this.pods(run);
        return seen.map(({ metadata }) => metadata.name).join(' ') === wanted ? seen : undefined;
      },
      { everyMs: 20, timeoutMs: 20_000 },
    ).catch((error: unknown) => {
      throw new Error(`run ${run} has pods ${seen.map(({ metadata }) => metadata.name).join(' ')}`, {
        cause: error,
      });
    });
  }

  async pod(name: string): Promise<Pod> {
    const pod = await this.cluster.get(pods, { namespace: this.namespace, name });
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  /** As kubelets do: says that the pods run, once the scheduler gave each a node. */
  async startPods(run: string, ...suffixes: string[]): Promise<void> {
    const waiting = await this.hasPodsOnNodes(run, suffixes);
    for (const [index, pod] of waiting.entries())
      await this.report(pod, { ...running(pod, `127.0.9.${String(index + 1)}`) });
  }

  async hasPodsOnNodes(run: string, suffixes: readonly string[]): Promise<Pod[]> {
    return until(
      `pods of ${run} have nodes`,
      async () => {
        const all = await this.pods(run);
        const meant = all.filter(
          (pod) =>
            !isFinished(pod) &&
            pod.metadata.deletionTimestamp === undefined &&
            (suffixes.length === 0 || suffixes.some((suffix) => pod.metadata.name === `${run}-${suffix}`)),
        );
        const enough =
          suffixes.length === 0 ? (await this.run(run)).status?.trainers?.desired : suffixes.length;
        return meant.length === enough && meant.every(({ spec }) => spec.nodeName !== undefined)
          ? meant
          : undefined;
      },
      { everyMs: 20 },
    );
  }

  /** Submits a run and takes it to where all its pods run. */
  async submitRunning(
    name: string,
    spec: Readonly<Record<string, unknown>> = {},
  ): Promise<TrainingRunStatus> {
    await this.submit(name, spec);
    return this.takeToRunning(name, 1);
  }

  async takeToRunning(name: string, attempt: number): Promise<TrainingRunStatus> {
    await this.reaches(name, 'Starting', attempt);
    await this.startPods(name);
    return this.reaches(name, 'Running', attempt);
  }

  /** As a kubelet does for a pod whose trainer ended. */
  async endPod(name: string, end: End = {}): Promise<void> {
    await this.report(await this.pod(name), ended(await this.pod(name), end));
  }

  /** As kubelets do once the processes of pods that were told to go have ended. */
  async endDying(run: string, ...suffixes: string[]): Promise<void> {
    const dying = await this.areDying(run, suffixes);
    for (const pod of dying)
      await this.cluster.delete(pods, keyOf(pod), {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid ?? '' },
      });
  }

  /** Waits until these pods, and no others, were told to go. */
  async areDying(run: string, suffixes: readonly string[]): Promise<Pod[]> {
    const wanted = suffixes.map((suffix) => `${run}-${suffix}`).join(' ');
    return until(
      `pods ${wanted} were told to go`,
      async () => {
        const dying = (await this.pods(run)).filter(
          ({ metadata }) => metadata.deletionTimestamp !== undefined,
        );
        return dying.map(({ metadata }) => metadata.name).join(' ') === wanted ? dying : undefined;
      },
      { everyMs: 20 },
    );
  }

  async report(pod: Pod, status: NonNullable<Pod['status']>): Promise<void> {
    await this.cluster.patchStatus(pods, keyOf(pod), { status: { ...status } });
  }

  async deletePod(name: string): Promise<void> {
    await this.cluster.delete(pods, { namespace: this.namespace, name });
  }

  async service(name: string) {
    return this.cluster.get(services, { namespace: this.namespace, name });
  }

  async networkPolicy(name: string) {
    return this.cluster.get(networkPolicies, { namespace: this.namespace, name });
  }

  async isGone(name: string): Promise<void> {
    await until(`run ${name} is gone`, async () =>
      (await this.cluster.get(trainingRuns, { namespace: this.namespace, name })) === undefined
        ? true
        : undefined,
    );
  }

  async events(run: string): Promise<(Event & { series?: { count: number } })[]> {
    const all = await this.cluster.list(events, { namespace: this.namespace });
    return all.filter(({ regarding }) => regarding.name === run);
  }

  /** Gives the operator the chance to do something wrong: waits until it has looked at everything that was asked for. */
  async settles(): Promise<void> {
    let last = -1;
    await until(
      'the operator has nothing to do',
      async () => {
        const done = await this.manager.metric('controller_runtime_reconcile_total');
        const waiting = await this.manager.metric('workqueue_depth');
        const isStill = waiting === 0 && done === last;
        last = done;
        return isStill ? true : undefined;
      },
      { everyMs: 250 },
    );
  }

  async close(): Promise<void> {
    await this.invariants.close();
    await this.manager.child.kill();
    await this.cluster.close();
    await this.controlPlane.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A world for the tests of a file; call it at the top of a `describe` or the file. */
export function useGangWorld(options: GangWorldOptions = {}): () => GangWorld {
  let world: GangWorld | undefined;
  const current = () => {
    if (world === undefined) throw new Error('the world is not open yet');
    return world;
  };
  beforeAll(async () => {
    world = await openGangWorld(options);
  });
  beforeEach(() => current().beginTest());
  afterEach(() => current().endTest());
  afterAll(async () => {
    await world?.close();
  });
  return current;
}

async function openGangWorld(options: GangWorldOptions): Promise<GangWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-gang-'));
  const audit = await createAuditLog(folder);
  const controlPlane = await startControlPlane({
    crdFiles: [trainingRunCrdFile],
    ...options.controlPlane,
    apiServerFlags: [...audit.apiServerFlags, ...(options.controlPlane?.apiServerFlags ?? [])],
    controllerManagerFlags: [
      // Nobody renews the leases of the nodes here; what the loss of a node leads to, tests bring about themselves.
      '--controllers=*,-node-lifecycle-controller,-nodeipam,-cloud-node-lifecycle-controller',
      ...(options.controlPlane?.controllerManagerFlags ?? []),
    ],
  });
  for (const name of options.nodeNames ?? ['node-1', 'node-2']) await createNode(controlPlane, name);
  const operatorKubeconfig = await installRights(controlPlane);
  const cluster = await openRealCluster(controlPlane);
  const invariants = await watchInvariants(cluster);
  const manager = await startManager({
    name: 'operator-1',
    kubeconfig: operatorKubeconfig,
    folder,
    ...(options.managerFlags === undefined ? {} : { flags: options.managerFlags }),
  });
  await manager.says('the controller has seen everything and begins');
  return new GangWorld({ controlPlane, cluster, audit, operatorKubeconfig, invariants, folder, manager });
}

/** A condition of a status. */
export function conditionOf(status: TrainingRunStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The refusal of a call that has to be refused, in the server's words. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => {
      throw new Error('the call was not refused');
    },
    (error: unknown) => {
      if (isClusterError(error, 'Invalid')) return error.message;
      throw error;
    },
  );
}

function running(pod: Pod, podIP: string): NonNullable<Pod['status']> {
  return {
    phase: 'Running',
    podIP,
    conditions: [
      ...(pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: 'True' },
    ],
    containerStatuses: [containerStatus({ running: { startedAt: toTimestamp(Date.now()) } })],
  };
}

function ended(pod: Pod, { exitCode, lastWords, text }: End): NonNullable<Pod['status']> {
  const code = exitCode ?? (lastWords?.reason === undefined ? 0 : exitCodeOf(lastWords.reason));
  const message = lastWords === undefined ? text : JSON.stringify({ message: '', ...lastWords });
  return {
    phase: code === 0 ? 'Succeeded' : 'Failed',
    conditions: [
      ...(pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [
      containerStatus({
        terminated: {
          exitCode: code,
          finishedAt: toTimestamp(Date.now()),
          ...(message === undefined ? {} : { message }),
        },
      }),
    ],
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function containerStatus(state: ContainerStatus['state']): ContainerStatus {
  return {
    name: trainerContainer,
    ready: state.running !== undefined,
    restartCount: 0,
    image: 'trainer:test',
    imageID: '',
    state,
  };
}

function keyOf({ metadata }: Pod): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}
