import { readFile } from 'node:fs/promises';
import { labels } from '../../operator/api/v1alpha1/group.ts';
import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus } from '../../operator/api/v1alpha1/training-sweep-status.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { Child } from '../control-plane/child.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { startKwok } from '../operator/kwok.ts';
import { startManager } from '../operator/manager.ts';
import {
  openOperatorWorld,
  OperatorWorld,
  useWorld,
  type OperatorWorldOptions,
  type OperatorWorldParts,
} from '../operator/operator-world.ts';

const { trainingRuns, trainingSweeps } = resourceTypes;

/** No other replica has to wait for the lease of one that was killed. */
const managerFlags = ['--no-leader-election'];

/** A world with an operator in which kwok plays the kubelets, so that trials run and end by themselves. */
export class SweepOperatorWorld extends OperatorWorld {
  readonly #kwok: Child;
  #lives = 1;

  constructor(parts: OperatorWorldParts, kwok: Child) {
    super(parts);
    this.#kwok = kwok;
  }

  /** A search whose trials have one pod with one GPU, changed by `spec`. */
  async submit(name: string, spec: object): Promise<TrainingSweep> {
    const manifest: object = { ...searchManifest(spec), metadata: { name, namespace: this.namespace } };
    return this.cluster.create(trainingSweeps, manifest as TrainingSweep);
  }

  async patchSpec(name: string, spec: object): Promise<TrainingSweep> {
    return this.cluster.patch(trainingSweeps, { namespace: this.namespace, name }, { spec });
  }

  /** kubectl in the namespace of the test. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    return kubectl(this.controlPlane, [`--namespace=${this.namespace}`, ...args], input);
  }

  async sweep(name: string): Promise<TrainingSweep | undefined> {
    return this.cluster.get(trainingSweeps, { namespace: this.namespace, name });
  }

  /** Waits until the status of a sweep is as a test wants it. */
  async reaches(
    name: string,
    what: string,
    holds: (status: TrainingSweepStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<TrainingSweepStatus> {
    let seen: TrainingSweepStatus | undefined;
    return until(
      `sweep ${name}: ${what}`,
      async () => {
        seen = (await this.sweep(name))?.status;
        return seen !== undefined && holds(seen) ? seen : undefined;
      },
      { timeoutMs },
    ).catch((error: unknown) => {
      throw new Error(`sweep ${name} is ${JSON.stringify(seen)}`, { cause: error });
    });
  }

  async trials(sweep: string): Promise<TrainingRun[]> {
    return this.cluster.list(trainingRuns, {
      namespace: this.namespace,
      labels: { [labels.sweep]: sweep },
    });
  }

  /** The pods that the `scale` subresource of a sweep points to, by name. */
  async scaledPods(sweep: string): Promise<string[]> {
    const selector = (await this.sweep(sweep))?.status?.selector ?? '';
    const names = await this.kubectl(['get', 'pods', `--selector=${selector}`, '--output=name']);
    return names.split('\n').filter((name) => name !== '');
  }

  /** Kills the operator without a word, and starts it again as the kubelet would. */
  async restartOperator(): Promise<void> {
    await this.manager.child.kill();
    this.#lives += 1;
    await this.useManager(
      await startManager({
        name: `operator-${this.#lives}`,
        kubeconfig: this.operatorKubeconfig,
        folder: this.folder,
        flags: managerFlags,
      }),
    );
  }

  override async close(): Promise<void> {
    await this.#kwok.kill();
    await super.close();
  }
}

/** A world for the tests of a file; call it at the top of a `describe` or the file. */
export function useSweepOperatorWorld(options: OperatorWorldOptions = {}): () => SweepOperatorWorld {
  return useWorld(async () => {
    const parts = await openOperatorWorld({ ...options, managerFlags });
    const kwok = await startKwok(await parts.controlPlane.kubeconfigFile(), parts.folder, {
      podMs: 200,
      lastWords: {
        reason: 'Completed',
        message: '',
        result: { top1: 0.9, top5: 0.99, epochs: 8, trainSeconds: 60, uri: '/checkpoints' },
      },
    });
    return new SweepOperatorWorld(parts, kwok);
  });
}

/** The text of a manifest that a user may take. */
export async function sample(path: string): Promise<string> {
  return readFile(new URL(`../../crds/samples/${path}`, import.meta.url), 'utf8');
}
