import { once } from 'node:events';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { supervisorPort } from '../../operator/api/trainer/environment.ts';
import { apiVersion, labels, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type { Condition, Phase, TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { Event, Pod } from '../../operator/api/wire.ts';
import { isClusterError } from '../../operator/cluster/cluster-error.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { isFinished } from '../../operator/plan/gang.ts';
import { until } from '../control-plane/until.ts';
import {
  openOperatorWorld,
  OperatorWorld,
  useWorld,
  type OperatorWorldOptions,
} from '../operator/operator-world.ts';
import { ended, running, type End } from '../operator/pod-statuses.ts';

const { pods, trainingRuns, services, networkPolicies, events } = resourceTypes;

/** A world with an operator in which the test plays the kubelets of the pods of runs. */
export class GangWorld extends OperatorWorld {
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

  /** Waits until the run, which may not be made yet, is in a phase, and of an attempt if one is named. */
  async reaches(name: string, phase: Phase, attempt?: number): Promise<TrainingRunStatus> {
    let seen: TrainingRunStatus | undefined;
    return until(
      `run ${name} is ${phase}`,
      async () => {
        const found = await this.cluster.get(trainingRuns, { namespace: this.namespace, name });
        seen = found?.status;
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
      await this.report(pod, {
        ...running(pod, index === 0 ? leaderAddress : `127.0.9.${String(index + 1)}`),
      });
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
}

/** Address of the first pod of every gang that a test starts. */
const leaderAddress = '127.0.9.1';

/** For the rest of the test, what the trainer of the first pod answers about its progress. */
export async function serveProgress(answer: () => object): Promise<void> {
  const server = createServer((_, response) => response.end(JSON.stringify(answer())));
  await once(server.listen(supervisorPort, leaderAddress), 'listening');
  onTestFinished(() => void server.close());
}

/** A world for the tests of a file; call it at the top of a `describe` or the file. */
export function useGangWorld(options: OperatorWorldOptions = {}): () => GangWorld {
  return useWorld(async () => new GangWorld(await openOperatorWorld(options)));
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

function keyOf({ metadata }: Pod): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}
