import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLogger } from '../../operator/base/logging.ts';
import { apiVersion, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type { TrainingRunSpecInput } from '../../operator/api/v1alpha1/spec.ts';
import type { Phase, TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import { validateTrainingRun } from '../../operator/api/v1alpha1/validate.ts';
import type { Event, Pod, Service } from '../../operator/api/wire.ts';
import { resourceTypes, type Cluster } from '../../operator/cluster/cluster.ts';
import { openEmbeddedCluster } from '../../operator/cluster/embedded/embedded-cluster.ts';
import type { FetchProgress } from '../../operator/controllers/progress-poller.ts';
import { runController } from '../../operator/controllers/run-controller.ts';
import { ManualClock } from '../../operator/base/testing/manual-clock.ts';
import { aFinishedPod, aRunningPod } from '../../operator/plan/testing/fixtures.ts';

type PodEnd = Parameters<typeof aFinishedPod>[3];

const namespace = 'vision';
/** Longest real time that a test waits for something; all other time is the manual clock's. */
const patienceMs = 10_000;

/** An embedded cluster with a controller on it, and a test that plays node and kubelet. */
export class ControllerWorld {
  readonly cluster: Cluster;
  readonly clock: ManualClock;
  /** Answers the controller's questions for progress; a test may replace it. */
  fetchProgress: FetchProgress = () => Promise.reject(new Error('no trainer here'));
  #controller: { lifetime: AbortController; ended: Promise<void> } | undefined;

  constructor(cluster: Cluster, clock: ManualClock) {
    this.cluster = cluster;
    this.clock = clock;
  }

  /** @param cluster what the controller sees of the cluster, if not the cluster itself */
  startController(cluster: Cluster = this.cluster): void {
    const lifetime = new AbortController();
    const ended = runController({
      cluster,
      clock: this.clock,
      log: createLogger('silent'),
      fetchProgress: (address, signal) => this.fetchProgress(address, signal),
      settings: { trainerImage: 'ringmaster/trainer:test', progressIntervalMs: 1000, workers: 4 },
      signal: lifetime.signal,
    });
    this.#controller = { lifetime, ended };
  }

  async stopController(): Promise<void> {
    this.#controller?.lifetime.abort();
    await this.#controller?.ended;
    this.#controller = undefined;
  }

  async submit(name: string, spec: Partial<TrainingRunSpecInput> = {}): Promise<void> {
    const validation = validateTrainingRun({
      apiVersion,
      kind: trainingRunKind,
      metadata: { name, namespace },
      spec: {
        data: { format: 'fashion-mnist', train: '/data' },
        checkpoints: { uri: '/checkpoints' },
        ...spec,
        trainers: { pods: 2, gpusPerPod: 2, ...spec.trainers },
      },
    });
    if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
    await this.cluster.create<TrainingRun>(resourceTypes.trainingRuns, validation.run);
  }

  async patchSpec(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.cluster.patch<TrainingRun>(resourceTypes.trainingRuns, { namespace, name }, { spec });
  }

  async run(name: string): Promise<TrainingRun | undefined> {
    return await this.cluster.get<TrainingRun>(resourceTypes.trainingRuns, { namespace, name });
  }

  async status(name: string): Promise<TrainingRunStatus> {
    return (await this.run(name))?.status ?? {};
  }

  async pods(run: string): Promise<Pod[]> {
    const pods = await this.cluster.list<Pod>(resourceTypes.pods, {
      namespace,
      labels: { 'ringmaster.dev/run': run },
    });
    return pods.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async podNames(run: string): Promise<string[]> {
    return (await this.pods(run)).map(({ metadata }) => metadata.name);
  }

  async service(name: string): Promise<Service | undefined> {
    return await this.cluster.get<Service>(resourceTypes.services, { namespace, name });
  }

  /** Reasons of the events about a run. */
  async events(run: string): Promise<Event[]> {
    const events = await this.cluster.list<Event>(resourceTypes.events, { namespace });
    return events.filter(({ regarding }) => regarding.name === run);
  }

  /** Waits until the run is in a phase and has pods of these names. */
  async reaches(run: string, phase: Phase, podNames?: readonly string[]): Promise<TrainingRunStatus> {
    const look = async () =>
      `${(await this.status(run)).phase ?? 'none'} ${podNames === undefined ? '' : (await this.podNames(run)).join(' ')}`;
    await until(`${phase} ${podNames?.join(' ') ?? ''}`, look);
    return await this.status(run);
  }

  /** As a scheduler and a kubelet do: gives each pod a node and says that it runs. */
  async startPods(run: string): Promise<void> {
    for (const pod of await this.pods(run)) {
      if (pod.status?.phase !== 'Pending') continue;
      await this.cluster.patch<Pod>(resourceTypes.pods, keyOf(pod), { spec: { nodeName: 'node-1' } });
      await this.report(pod, aRunningPod(await this.required(run), 1, 0).status);
    }
  }

  /** As a kubelet does for a pod whose trainer ended. */
  async endPod(name: string, end: PodEnd = {}): Promise<void> {
    const pod = await this.pod(name);
    const run = await this.required(pod.metadata.labels?.['ringmaster.dev/run'] ?? '');
    await this.report(pod, aFinishedPod(run, 1, 0, { atMs: this.clock.now(), ...end }).status);
  }

  /** As a kubelet does once the processes of deleted pods have ended. */
  async removeDying(run: string): Promise<void> {
    for (const pod of await this.pods(run)) {
      if (pod.metadata.deletionTimestamp === undefined) continue;
      await this.cluster.delete<Pod>(resourceTypes.pods, keyOf(pod), { gracePeriodSeconds: 0 });
    }
  }

  async deletePod(name: string): Promise<void> {
    await this.cluster.delete<Pod>(resourceTypes.pods, { namespace, name });
  }

  async dying(run: string): Promise<string[]> {
    return (await this.pods(run))
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => metadata.name);
  }

  async pod(name: string): Promise<Pod> {
    const pod = await this.cluster.get<Pod>(resourceTypes.pods, { namespace, name });
    if (pod === undefined) throw new Error(`no pod ${name}`);
    return pod;
  }

  private async required(name: string): Promise<TrainingRun> {
    const run = await this.run(name);
    if (run === undefined) throw new Error(`no run ${name}`);
    return run;
  }

  private async report(pod: Pod, status: Pod['status']): Promise<void> {
    await this.cluster.patchStatus<Pod>(resourceTypes.pods, keyOf(pod), { status: { ...status } });
  }
}

function keyOf({ metadata }: Pod): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}

/** Opens a world that ends with the test. */
export async function openWorld(): Promise<ControllerWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-controller-'));
  const clock = new ManualClock();
  const cluster = await openEmbeddedCluster({ folder, clock, log: createLogger('silent') });
  const world = new ControllerWorld(cluster, clock);
  onTestFinished(async () => {
    await world.stopController();
    cluster.close();
    rmSync(folder, { recursive: true });
  });
  return world;
}

/** Waits until `look` gives the expected text; fails with what it gave last. */
export async function until(expected: string, look: () => Promise<string>): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen === expected) return;
    if (Date.now() > deadlineMs) throw new Error(`expected "${expected}" and saw "${seen}"`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets the controller do everything it can do without time passing. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
